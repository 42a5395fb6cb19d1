//! The Lambda of the step RollBackSegment.

use roll_back_segment::Ports;
use roll_back_segment::run;
use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let ports = &Ports::of(&Clients::from_env()?, REGISTRY, epoch_millis);
    serve("roll-back-segment", |input, deadline| run(ports, input, deadline)).await
}
