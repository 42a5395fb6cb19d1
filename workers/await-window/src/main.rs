//! The Lambda function of AwaitWindow, Bake and the states that announce a hold.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (bucket, ledger) = (clients.bucket(), clients.ledger());
    let (monitor_reader, topic) = (clients.monitor_reader(), clients.topic()?);
    serve("await-window", |input, _| {
        await_window::run(&bucket, &ledger, &monitor_reader, &topic, epoch_millis(), input)
    })
    .await
}
