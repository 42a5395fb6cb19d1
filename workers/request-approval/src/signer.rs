//! Finds out who signed an answer.

use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::approvals::Question;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::signature::{AnswerTo, Signature, Statement};

use crate::refusal::Refusal;
use crate::sent_answer::SentAnswer;
use crate::{Error, Ports};

/// Asks STS who signed the answer. The signature must cover this question and this answer, and must not have been used
/// before. `answered_at` is in ISO 8601.
pub(crate) async fn verify<B, T, V, H>(
    ports: &Ports<B, T, V, H>,
    run: &str,
    question: &Question,
    sent: &SentAnswer,
    answered_at: &str,
) -> Result<Result<Identity, Refusal>, Error>
where
    V: VerifySignature,
{
    let ledger_error = |source| Error::Ledger { run: run.to_owned(), source };
    let secrets = ports.ledger.secrets(run).await.map_err(ledger_error)?;
    let Some(secrets) = secrets.filter(|secrets| secrets.question == question.id) else {
        return Ok(Err(Refusal::Overtaken));
    };
    let to =
        AnswerTo { run, plan_hash: &question.plan_hash, report_hash: &question.report_hash, secret: &secrets.secret };
    let statement = Statement::answer(to, sent.approve, &sent.reason);
    let signature = match Signature::read(&sent.signature, &statement, ports.sts.host(), ports.epoch_seconds()) {
        Ok(signature) => signature,
        Err(error) => return Ok(Err(Refusal::Unsigned(error))),
    };
    let purpose = format!("answer to question {} of run {run}", question.id);
    if !ports.ledger.use_signature(signature.hash(), &purpose, answered_at).await.map_err(ledger_error)? {
        return Ok(Err(Refusal::Replayed));
    }
    match ports.sts.signer(&signature, &statement).await {
        Ok(identity) => Ok(Ok(identity)),
        Err(error) if matches!(error.cause, Cause::Throttled | Cause::Unavailable) => Err(Error::Sts(error)),
        Err(error) => Ok(Err(Refusal::InvalidSignature(error.code.unwrap_or_default()))),
    }
}
