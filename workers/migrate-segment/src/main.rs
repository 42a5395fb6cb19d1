//! The Lambda of the step MigrateSegment.

use migrate_segment::run;
use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let ports = &Clients::from_env()?.ports(REGISTRY, epoch_millis);
    serve("migrate-segment", |input, deadline| run(ports, input, deadline)).await
}
