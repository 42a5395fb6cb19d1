//! The Lambda of the step VerifySegment.

use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};
use verify_segment::{Ports, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let ports = &Ports {
        bucket: clients.bucket(),
        ledger: clients.ledger(),
        items: clients.items(),
        registry: REGISTRY,
        clock: epoch_millis,
    };
    serve("verify-segment", |input, deadline| run(ports, input, deadline)).await
}
