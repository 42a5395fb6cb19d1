//! Judging the answer: whose it is, whether theirs counts, and whether it is a yes to what was asked.

use serde::Deserialize;
use serde_json::Value;
use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Answer, Approval, Approvals, Outcome, Question, Recorded, UsedSignatures};
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::s3::ReadObject;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Hashes, NotEligible, UnknownRequester, account_of};
use tableshift_core::approval::signature::{AnswerTo, Signature, Statement};
use tableshift_core::item::hash;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::chain;

use crate::judgement::{self, Refusal};
use crate::requesters::Unanswered;
use crate::reviewed::Reviewed;
use crate::{Error, Output, Ports, iso, record, requesters};

/// What is sent with the task token. Whoever has the token may send anything, so whatever it is gets judged, and what is
/// missing is found wanting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Sent {
    /// Yes or no.
    pub approve: bool,
    /// The hash of the report that the answer is about.
    pub report_hash: String,
    /// Why.
    pub reason: String,
    /// Whose answer it is: a signature over question and answer.
    pub signature: String,
}

impl Sent {
    /// Reads what was sent; what cannot be read is an answer of nobody.
    pub fn of(answer: &Value) -> Self {
        Self::deserialize(answer).unwrap_or_default()
    }

    /// What tells this answer from every other.
    fn hash(&self) -> String {
        hash::of_bytes(self.signature.as_bytes())
    }
}

/// What came of weighing an answer, and whose it is, if that was found out.
struct Weighed {
    by: Option<Identity>,
    verdict: Verdict,
}

/// Whether an answer counts.
enum Verdict {
    Approved,
    /// To be judged again after this many seconds.
    Pending(u64),
    Refused(Refusal),
}

impl Weighed {
    fn refused(refusal: Refusal) -> Self {
        Self { by: None, verdict: Verdict::Refused(refusal) }
    }
}

/// Judges the answer, and closes the question with it. An approval that cannot be decided yet stays pending: its signature is
/// checked once, because it expires before CloudTrail's records have come.
pub(crate) async fn judge<B, L, T, V, H>(
    ports: &Ports<B, L, T, V, H>,
    run: &str,
    wave: Wave,
    sent: &Sent,
) -> Result<Output, Error>
where
    B: ReadObject,
    L: Approvals + Runs + UsedSignatures,
    V: VerifySignature,
    H: FindCallers,
{
    let failed = |source| Error::Ledger { run: run.to_owned(), source };
    let asked = ports.ledger.approval(run).await.map_err(failed)?;
    let refused = |refusal| Error::Refused { refusal, wave };
    let Approval { question, answer: earlier } = asked.ok_or_else(|| refused(Refusal::NotAsked))?;
    let pending = earlier.as_ref().filter(|earlier| earlier.is_pending_with(&sent.hash()));
    if let (Some(earlier), None) = (&earlier, pending) {
        judgement::again(earlier, &sent.hash()).map_err(refused)?;
        return Ok(Output::approved(earlier.by.as_ref()));
    }
    let now = (ports.clock)().div_euclid(1000);
    let answered_at = pending.map_or_else(|| iso(now), |earlier| earlier.answered_at.clone());
    let signer = pending.and_then(|earlier| earlier.by.clone());
    let Weighed { by, verdict } = weigh(ports, run, &question, sent, &answered_at, signer).await?;
    let answer = Answer {
        outcome: match &verdict {
            Verdict::Approved => Outcome::Approved,
            Verdict::Pending(_) => Outcome::Pending,
            Verdict::Refused(refusal) => refusal.outcome(),
        },
        by,
        reason: match &verdict {
            Verdict::Refused(Refusal::Rejected { .. }) | Verdict::Approved | Verdict::Pending(_) => sent.reason.clone(),
            Verdict::Refused(refusal) => refusal.to_string(),
        },
        answered_at,
        signature: sent.hash(),
    };
    let recorded = ports.ledger.answer(run, &question.id, &answer).await.map_err(failed)?;
    tracing::info!(outcome = answer.outcome.as_str(), by = answer.by.as_ref().map(|by| &by.arn), "answered");
    let by = || answer.by.as_ref().map_or_else(String::new, |by| by.arn.clone());
    match (verdict, recorded) {
        (Verdict::Refused(refusal), _) => Err(refused(refusal)),
        (_, Recorded::TooLate) => Err(refused(Refusal::Overtaken)),
        (Verdict::Approved, Recorded::Now) => Ok(Output::approved(answer.by.as_ref())),
        (Verdict::Pending(wait_seconds), Recorded::Now) => {
            Ok(Output::Pending { approved: false, by: by(), wait_seconds })
        }
    }
}

/// Weighs an answer. `known` is its signer if the signature was checked before.
async fn weigh<B, L, T, V, H>(
    ports: &Ports<B, L, T, V, H>,
    run: &str,
    question: &Question,
    sent: &Sent,
    answered_at: &str,
    known: Option<Identity>,
) -> Result<Weighed, Error>
where
    B: ReadObject,
    L: Approvals + Runs + UsedSignatures,
    V: VerifySignature,
    H: FindCallers,
{
    let reviewed = Reviewed::of(&ports.bucket, run).await?;
    if sent.approve {
        let now = Hashes { plan: &reviewed.plan.hash(), report: &reviewed.hash };
        if let Err(refusal) = judgement::in_time_and_fitting(question, answered_at, &sent.report_hash, now) {
            return Ok(Weighed::refused(refusal));
        }
    }
    let signer = match known {
        Some(known) => Ok(known),
        None => signer(ports, run, question, sent, answered_at).await?,
    };
    let by = match signer {
        Ok(by) => by,
        Err(refusal) => return Ok(Weighed::refused(refusal)),
    };
    let verdict = match sent.approve {
        true => entitled(ports, run, &reviewed, &by).await?,
        false => Verdict::Refused(Refusal::Rejected { by: by.arn.clone(), reason: reason_of(sent) }),
    };
    Ok(Weighed { by: Some(by), verdict })
}

fn reason_of(sent: &Sent) -> String {
    if sent.reason.is_empty() { "no reason given".to_owned() } else { sent.reason.clone() }
}

/// Whose answer it is: STS says so, of a signature over this very question and answer that was never used before.
async fn signer<B, L, T, V, H>(
    ports: &Ports<B, L, T, V, H>,
    run: &str,
    question: &Question,
    sent: &Sent,
    answered_at: &str,
) -> Result<Result<Identity, Refusal>, Error>
where
    L: Approvals + UsedSignatures,
    V: VerifySignature,
{
    let failed = |source| Error::Ledger { run: run.to_owned(), source };
    let secrets = ports.ledger.secrets(run).await.map_err(failed)?;
    let Some(secrets) = secrets.filter(|secrets| secrets.question == question.id) else {
        return Ok(Err(Refusal::Overtaken));
    };
    let to =
        AnswerTo { run, plan_hash: &question.plan_hash, report_hash: &question.report_hash, secret: &secrets.secret };
    let statement = Statement::answer(to, sent.approve, &sent.reason);
    let now = (ports.clock)().div_euclid(1000);
    let signature = match Signature::read(&sent.signature, &statement, ports.sts.host(), now) {
        Ok(signature) => signature,
        Err(error) => return Ok(Err(Refusal::Unsigned(error))),
    };
    let purpose = format!("answer to question {} of run {run}", question.id);
    if !ports.ledger.use_signature(signature.hash(), &purpose, answered_at).await.map_err(failed)? {
        return Ok(Err(Refusal::Replayed));
    }
    match ports.sts.signer(&signature, &statement).await {
        Ok(identity) => Ok(Ok(identity)),
        Err(error) if matches!(error.cause, Cause::Throttled | Cause::Unavailable) => Err(Error::Sts(error)),
        Err(error) => Ok(Err(Refusal::NotTheirs(error.code.unwrap_or_default()))),
    }
}

/// Whether their approval counts on this run. What is refused now is refused at once; an approval waits until every record of
/// who started the run has come.
async fn entitled<B, L, T, V, H>(
    ports: &Ports<B, L, T, V, H>,
    run: &str,
    reviewed: &Reviewed,
    by: &Identity,
) -> Result<Verdict, Error>
where
    L: Runs,
    H: FindCallers,
{
    let rules = &reviewed.plan.approval;
    let record = record(&ports.ledger, run).await?;
    let now = (ports.clock)().div_euclid(1000);
    let requesters = match requesters::found(&ports.ledger, &ports.history, &record, now).await {
        Ok(requesters) => requesters,
        Err(Unanswered::History(error)) if rules.unknown_requester == UnknownRequester::Allow => {
            tracing::warn!(cause = chain(&error), "who started the run stays unknown");
            record.requesters.clone()
        }
        Err(error) => return Err(Error::Requesters(error)),
    };
    let wait = rules.decidable_from(&requesters).map_or(0, |from| from.saturating_sub(now)).max(0).unsigned_abs();
    Ok(match rules.may_approve(by, &requesters, account_of(&record.execution)) {
        Ok(()) | Err(NotEligible::RequesterUnknown(_)) if wait > 0 => Verdict::Pending(wait),
        Ok(()) => Verdict::Approved,
        Err(error) => Verdict::Refused(Refusal::NotEligible(error)),
    })
}
