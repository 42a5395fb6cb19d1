//! Which steps a run takes.

use crate::plan::settings::input::Action;
use crate::plan::settings::policy::{DryRunSource, OnBadVerdict, Policy};
use serde::{Deserialize, Serialize};

/// The steps that a run takes. The state machine branches on them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// Make an on-demand backup.
    pub back_up: bool,
    /// Export the table to S3 before the dry run.
    pub export: bool,
    /// Do a dry run.
    pub dry_run: bool,
    /// Request an approval before the first write.
    pub approve: bool,
    /// Migrate the items.
    pub migrate: bool,
    /// Verify the items.
    pub verify: bool,
    /// Roll back an earlier run.
    pub roll_back: bool,
    /// Roll back this run if the verification fails.
    pub roll_back_if_bad: bool,
}

impl Steps {
    /// The steps of a new run.
    pub fn of(action: Action, policy: &Policy, on_bad_verdict: OnBadVerdict) -> Self {
        let export = policy.dry_run_source == DryRunSource::Export;
        match action {
            Action::Migrate | Action::Resume => Self {
                back_up: policy.back_up,
                export,
                dry_run: true,
                approve: policy.approve,
                migrate: true,
                verify: policy.verify,
                roll_back: false,
                roll_back_if_bad: on_bad_verdict == OnBadVerdict::RollBack,
            },
            Action::DryRun => Self { export, dry_run: true, ..Self::default() },
            Action::Verify => Self { verify: true, ..Self::default() },
            Action::RollBack => Self { roll_back: true, ..Self::default() },
        }
    }

    /// The steps that are left for a run that has started to write: earlier steps are done, and the run is approved.
    pub fn from_writing_on(self) -> Self {
        Self { back_up: false, export: false, dry_run: false, approve: false, ..self }
    }
}
