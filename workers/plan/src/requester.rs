//! Identifies who signed the start of this execution. Who made the StartExecution call is in CloudTrail, whose records
//! arrive minutes later; RequestApproval reads them when it judges an approval.

use jiff::Timestamp;
use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::table::Ledger;
use tableshift_core::approval::rules::{ApprovalRules, Requester, account_of};
use tableshift_core::approval::signature::{Signature, Statement};

use crate::signature_refused::SignatureRefused;
use crate::{Error, Request};

/// Verifies the signature in `requested_by` and returns the requester. Without a signature the requester is unknown. `now`
/// is in epoch milliseconds.
pub async fn identify(
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
    let signature = signature.map_err(|error| Error::RequestedBy(SignatureRefused::Unreadable(error)))?;
    let purpose = format!("start of {}", request.execution);
    let at = Timestamp::from_second(now).unwrap_or(Timestamp::MAX).to_string();
    if !ledger.use_signature(signature.hash(), &purpose, &at).await.map_err(Error::Ledger)? {
        return Err(Error::RequestedBy(SignatureRefused::Replayed));
    }
    let identity = sts.signer(&signature, &statement).await.map_err(|error| match error.cause {
        Cause::Throttled | Cause::Unavailable => Error::Sts(error),
        _ => Error::RequestedBy(SignatureRefused::Invalid(error.code.unwrap_or_default())),
    })?;
    if !rules.may_sign_start(&identity, account_of(&request.execution)) {
        return Err(Error::RequestedBy(SignatureRefused::OtherAccount(identity.arn)));
    }
    Ok(Requester { signer: Some(identity), ..Requester::unknown(&request.execution, &request.started) })
}
