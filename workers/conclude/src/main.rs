//! The Lambda function of the state Conclude.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (bucket, ledger, topic) = (clients.bucket(), clients.ledger(), clients.topic()?);
    let stage = &clients.settings().stage;
    serve("conclude", |input, _| conclude::run(&bucket, &ledger, &topic, stage, epoch_millis(), input)).await
}
