//! The Lambda of the step VerifySegment.

use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};
use verify_segment::Ports;
use verify_segment::run;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let ports = &Ports::of(&Clients::from_env()?, REGISTRY, epoch_millis);
    serve("verify-segment", |input, deadline| run(ports, input, deadline)).await
}
