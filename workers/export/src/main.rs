//! The Lambda function of the state Export.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (exports, bucket, ledger) = (clients.exports(), clients.bucket(), clients.ledger());
    serve("export", |input, _| export::run(&exports, &bucket, &ledger, epoch_millis(), input)).await
}
