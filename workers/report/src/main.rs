//! The Lambda function of the states ReportDryRun, ReportMigrate, ReportVerify and ReportRollBack.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (bucket, ledger, topic) = (clients.bucket(), clients.ledger(), clients.topic()?);
    serve("report", |input, _| report::run(&bucket, &ledger, &topic, epoch_millis(), input)).await
}
