//! Which stage a command is about.

use super::OperateError;
use clap::Args;
use tableshift_aws::session::stage::DeployedStage;

/// Which stage, and for whom the answer is
#[derive(Debug, Clone, Args)]
pub struct Target {
    /// The stage: finds the stack tableshift-STAGE. Without it: TABLESHIFT_STAGE, or the resources that
    /// TABLESHIFT_STATE_MACHINE_ARN, TABLESHIFT_BUCKET and TABLESHIFT_LEDGER name
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Prints one JSON document for programs instead
    #[arg(long)]
    pub json: bool,
}

impl Target {
    /// Finds the stage, with the credentials and the Region that the AWS CLI would use.
    pub async fn find(&self) -> Result<DeployedStage, OperateError> {
        let variable = |name: &str| std::env::var(name).ok();
        DeployedStage::find(self.stage.as_deref(), variable).await.map_err(OperateError::Stage)
    }
}
