//! The four phases of a run.

use serde::{Deserialize, Serialize};

/// A phase of a run: a part of it that has counts, partial results and a section in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Applies the migration to every item without writing.
    DryRun,
    /// Writes the changed items.
    Migrate,
    /// Reads every item again and compares it with migration and journal.
    Verify,
    /// Restores the before-images in the journal.
    RollBack,
}

impl Phase {
    /// The phase's name in keys, reports and the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::DryRun => "dry-run",
            Phase::Migrate => "migrate",
            Phase::Verify => "verify",
            Phase::RollBack => "roll-back",
        }
    }
}
