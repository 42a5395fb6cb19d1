//! The Lambda of the step AwaitWindow.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (bucket, ledger, lookout) = (clients.bucket(), clients.ledger(), clients.lookout());
    serve("await-window", |input, _| await_window::run(&bucket, &ledger, &lookout, epoch_millis(), input)).await
}
