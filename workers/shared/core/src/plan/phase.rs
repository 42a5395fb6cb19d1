//! The four phases of a run: the parts of it that have counts, partial results and a section in the report.

use serde::{Deserialize, Serialize};

/// A phase of a run that leaves partial results and a part of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The dry run.
    DryRun,
    /// The writing.
    Migrate,
    /// The proof.
    Verify,
    /// The way back.
    RollBack,
}

impl Phase {
    /// The phase's word, as in folders and reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::DryRun => "dry-run",
            Phase::Migrate => "migrate",
            Phase::Verify => "verify",
            Phase::RollBack => "roll-back",
        }
    }
}
