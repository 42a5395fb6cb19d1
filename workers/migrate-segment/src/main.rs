//! The Lambda of the step MigrateSegment.

use migrate_segment::{Ports, run};
use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (ports, monitor_reader) = (&Ports::of(&clients, REGISTRY, epoch_millis), &clients.monitor_reader());
    serve("migrate-segment", |input, deadline| run(ports, monitor_reader, input, deadline)).await
}
