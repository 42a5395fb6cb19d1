//! The Lambda of the step DryRun.

use dry_run::Ports;
use dry_run::run;
use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let ports = &Ports::of(&Clients::from_env()?, REGISTRY, epoch_millis);
    serve("dry-run", |input, deadline| run(ports, input, deadline)).await
}
