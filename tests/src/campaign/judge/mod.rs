//! Checks whether the history keeps the promises about data. Nothing here uses the workers' code.

mod journal;
pub mod oracle;
mod phase_ends;
