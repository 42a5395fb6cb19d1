//! The Lambda function of the state Plan.

use plan::{Ports, Stage, run};
use tableshift_aws::Clients;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let ports = &Ports {
        stage: Stage::from_env(clients.settings())?,
        bucket: clients.bucket(),
        ledger: clients.ledger(),
        tables: clients.tables(),
        executions: clients.executions(),
        monitor_reader: clients.monitor_reader(),
        registry: REGISTRY,
        clock: epoch_millis,
    };
    let (sts, topic) = (&clients.sts().await?, &clients.topic()?);
    serve("plan", |input, _| run(ports, sts, topic, input)).await
}
