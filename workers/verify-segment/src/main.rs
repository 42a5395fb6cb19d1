//! The Lambda of the step VerifySegment.

use verify_segment::{Ports, run};
use tableshift_aws::Clients;
use tableshift_aws::scan::TableItems;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env().await?;
    let dynamodb = clients.dynamodb();
    let ports = &Ports {
        bucket: clients.bucket(),
        ledger: clients.ledger(),
        items: |table: &str| TableItems::new(dynamodb.clone(), table),
        clock: epoch_millis,
    };
    serve("verify-segment", |input, deadline| run(ports, input, deadline)).await
}
