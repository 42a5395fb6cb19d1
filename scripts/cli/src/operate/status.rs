//! `tableshift status`: how a run stands, in one look.

use super::look::look;
use super::stage::Target;
use super::watch::told;
use super::{OperateError, block_on};
use crate::ending::Told;
use clap::Args;

/// Tells how a run stands; the exit code says it too
#[derive(Debug, Args)]
pub struct Status {
    /// The run
    run: String,
    #[command(flatten)]
    target: Target,
}

/// Looks once.
pub fn run(status: &Status) -> Result<Told, OperateError> {
    block_on(async {
        let stage = status.target.find().await?;
        Ok(told(&look(&stage, &status.run).await?, status.target.json))
    })
}
