//! Who signed the start of this execution. Who made the call is in CloudTrail, whose records come minutes later:
//! RequestApproval asks for them when it judges an approval.

use jiff::Timestamp;
use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::table::Ledger;
use tableshift_core::approval::rules::{ApprovalRules, Requester, account_of};
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
    #[error("it was used before; sign each start again")]
    Replayed,
    /// The signer belongs to another account.
    #[error(
        "{0} is not of this account; sign as somebody of the account, or list the ARN in the policy's `foreign_requesters`"
    )]
    OtherAccount(String),
}

/// Finds out who starts this execution at this time, in epoch milliseconds.
pub async fn of(
    sts: &impl VerifySignature,
    ledger: &Ledger,
    rules: &ApprovalRules,
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
    if !rules.may_sign_start(&identity, account_of(&request.execution)) {
        return Err(Error::RequestedBy(NotProven::OtherAccount(identity.arn)));
    }
    Ok(Requester { signer: Some(identity), ..Requester::unknown(&request.execution, &request.started) })
}
