//! `tableshift status`: shows a run once.

use super::stage::StageOptions;
use super::{OperateError, block_on, display, snapshot};
use crate::output::CommandOutput;
use clap::Args;

/// Shows the current state of a run once
///
/// Shows where the run is, why it is on hold, or how it ended. The exit code depends on the run's status; see the exit codes in `tableshift --help`.
#[derive(Debug, Args)]
pub struct Status {
    /// The run's name
    run: String,
    #[command(flatten)]
    stage: StageOptions,
}

/// Takes a snapshot of the run and returns it as text or JSON.
pub fn run(status: &Status) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let stage = status.stage.find().await?;
        let snapshot = snapshot::of_run(&stage, &status.run).await?;
        Ok(display::output(&snapshot, status.stage.json))
    })
}
