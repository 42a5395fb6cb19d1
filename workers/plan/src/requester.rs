//! Who starts this execution. A signature in the input proves it; without one nobody knows yet, and RequestApproval asks
//! CloudTrail later, whose records come minutes after the start.

use jiff::Timestamp;
use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::approvals::UsedSignatures;
use tableshift_core::approval::rules::{KnownBy, Requester};
use tableshift_core::approval::signature::{Signature, SignatureError, Statement};

use crate::{Error, Request};

/// Why the signature in `requested_by` proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// It is none, or none for this execution and this moment.
    #[error(transparent)]
    Unreadable(SignatureError),
    /// STS does not know it.
    #[error("STS takes it for no one's, so it is not over this execution and this input ({0}); sign this start anew")]
    NotTheirs(String),
    /// It was used before.
    #[error("it was used before; sign each start anew")]
    Replayed,
}

/// Finds out who starts this execution at this time, in epoch milliseconds.
pub async fn of(
    sts: &impl VerifySignature,
    ledger: &impl UsedSignatures,
    request: &Request,
    requested_by: Option<&str>,
    now: i64,
) -> Result<Requester, Error> {
    let Some(url) = requested_by else { return Ok(Requester::unknown(&request.execution, &request.started)) };
    let now = now.div_euclid(1000);
    let statement = Statement::start(&request.execution, &request.input);
    let signature = Signature::read(url, &statement, sts.host(), now);
    let signature = signature.map_err(|error| Error::RequestedBy(NotProven::Unreadable(error)))?;
    let purpose = format!("start of {}", request.execution);
    let at = Timestamp::from_second(now).unwrap_or(Timestamp::MAX).to_string();
    if !ledger.use_signature(signature.hash(), &purpose, &at).await.map_err(Error::Ledger)? {
        return Err(Error::RequestedBy(NotProven::Replayed));
    }
    let identity = sts.signer(&signature, &statement).await.map_err(|error| match error.cause {
        Cause::Throttled | Cause::Unavailable => Error::Sts(error),
        _ => Error::RequestedBy(NotProven::NotTheirs(error.code.unwrap_or_default())),
    })?;
    Ok(Requester {
        execution: request.execution.clone(),
        started: request.started.clone(),
        identity: Some(identity),
        known_by: KnownBy::Signature,
    })
}
