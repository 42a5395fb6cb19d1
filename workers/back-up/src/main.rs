//! The Lambda function of the state BackUp.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (backups, bucket, ledger) = (clients.backups(), clients.bucket(), clients.ledger());
    serve("back-up", |input, _| back_up::run(&backups, &bucket, &ledger, epoch_millis(), input)).await
}
