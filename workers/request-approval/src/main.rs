//! The Lambda of the steps RequestApproval and JudgeApproval.

use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let (bucket, ledger, topic) = (clients.bucket(), clients.ledger(), clients.topic()?);
    serve("request-approval", |input, _| {
        let at = request_approval::Place { ledger_table: &ledger.table, now: epoch_millis() };
        request_approval::run(&bucket, &ledger, &topic, at, input)
    })
    .await
}
