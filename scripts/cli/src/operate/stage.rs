//! The options that every command about a run has: which stage, and whether to print JSON.

use super::OperateError;
use clap::Args;
use tableshift_aws::session::stage::DeployedStage;

/// The stage, and the form of the output
#[derive(Debug, Clone, Args)]
pub struct StageOptions {
    /// The stage, deployed as the stack tableshift-STAGE. Default: the resources in TABLESHIFT_STATE_MACHINE_ARN,
    /// TABLESHIFT_BUCKET and TABLESHIFT_LEDGER, or else the stage in TABLESHIFT_STAGE
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Prints one JSON document instead of text
    #[arg(long)]
    pub json: bool,
}

impl StageOptions {
    /// Finds the stage, with the same credentials and Region as the AWS CLI.
    pub async fn find(&self) -> Result<DeployedStage, OperateError> {
        let variable = |name: &str| std::env::var(name).ok();
        DeployedStage::find(self.stage.as_deref(), variable).await.map_err(OperateError::Stage)
    }
}
