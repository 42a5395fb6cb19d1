//! The Lambda function of the states RequestApproval and JudgeApproval.

use request_approval::{Ports, run};
use tableshift_aws::Clients;
use tableshift_runtime::{ServeError, epoch_millis, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ServeError> {
    let clients = Clients::from_env()?;
    let ports = &Ports {
        bucket: clients.bucket(),
        ledger: clients.ledger(),
        topic: clients.topic()?,
        sts: clients.sts().await?,
        history: clients.event_history(),
        clock: epoch_millis,
        random,
    };
    serve("request-approval", |input, _| run(ports, input)).await
}

fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    bytes
}
