//! Judges an answer: who signed it, whether the signer may approve the run, and whether it approves what was asked.

use jiff::Timestamp;
use tableshift_aws::Cause;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Answer, Approval, Outcome, Question, Recorded};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::s3::ReadObject;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Hashes, NotEligible, Requester, UnknownRequester, account_of};
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::chain;

use crate::refusal::{self, Refusal};
use crate::requesters::LIMIT_OF_JUDGEMENT;
use crate::reviewed::Reviewed;
use crate::sent_answer::SentAnswer;
use crate::{Error, Output, Ports, iso, read_record, requesters, signer};

/// A judged answer, and who signed it if that is known.
struct JudgedAnswer {
    by: Option<Identity>,
    judgement: Judgement,
}

/// Whether an answer approves.
enum Judgement {
    Approved,
    /// To be judged again after this many seconds.
    Pending(u64),
    Refused(Refusal),
}

impl JudgedAnswer {
    fn refused(refusal: Refusal) -> Self {
        Self { by: None, judgement: Judgement::Refused(refusal) }
    }

    /// The answer as the ledger records it. The recorded reason is the one that was sent, or why the answer is refused.
    fn to_record(&self, sent: &SentAnswer, answered_at: String) -> Answer {
        let (outcome, reason) = match &self.judgement {
            Judgement::Approved => (Outcome::Approved, sent.reason.clone()),
            Judgement::Pending(_) => (Outcome::Pending, sent.reason.clone()),
            Judgement::Refused(refusal @ Refusal::Rejected { .. }) => (refusal.outcome(), sent.reason.clone()),
            Judgement::Refused(refusal) => (refusal.outcome(), refusal.to_string()),
        };
        Answer { outcome, by: self.by.clone(), reason, answered_at, signature: sent.hash() }
    }
}

/// The timeout of the function, in seconds.
const FUNCTION_SECONDS: i64 = 60;
/// How long to wait before more of CloudTrail's records are read, in seconds.
const NEXT_READ_SECONDS: u64 = 1;
/// How long to wait if other callers use up CloudTrail's request rate, in seconds.
const THROTTLED_SECONDS: u64 = 60;

/// Which answer is judged.
#[derive(Clone, Copy)]
struct Judged<'a> {
    run: &'a str,
    /// The fencing token of the run's lock.
    epoch: u64,
    /// When the answer came, ISO 8601.
    answered_at: &'a str,
}

/// Judges the answer and closes the question with it. An approval that cannot be decided yet stays pending. Its signature
/// is verified only once, because it expires before CloudTrail's records arrive.
pub(crate) async fn judge<B, T, V, H>(
    ports: &Ports<B, T, V, H>,
    run: &str,
    epoch: u64,
    wave: Wave,
    sent: &SentAnswer,
) -> Result<Output, Error>
where
    B: ReadObject,
    V: VerifySignature,
    H: FindCallers,
{
    let ledger_error = |source| Error::Ledger { run: run.to_owned(), source };
    let refused = |refusal| Error::Refused { refusal, wave };
    let approval = ports.ledger.approval(run).await.map_err(ledger_error)?;
    let Approval { question, answer: earlier } = approval.ok_or_else(|| refused(Refusal::NotAsked))?;
    let pending = earlier.as_ref().filter(|earlier| earlier.is_pending_with(&sent.hash()));
    if let (Some(earlier), None) = (&earlier, pending) {
        refusal::check_repeated(earlier, &sent.hash()).map_err(refused)?;
        return Ok(Output::approved(earlier.by.as_ref()));
    }
    let answered_at = pending.map_or_else(|| iso(ports.epoch_seconds()), |earlier| earlier.answered_at.clone());
    let known_signer = pending.and_then(|earlier| earlier.by.clone());
    let judged =
        examine(ports, Judged { run, epoch, answered_at: &answered_at }, &question, sent, known_signer).await?;
    let answer = judged.to_record(sent, answered_at);
    let recorded = ports.ledger.answer(run, &question.id, &answer).await.map_err(ledger_error)?;
    tracing::info!(outcome = answer.outcome.as_str(), by = answer.by.as_ref().map(|by| &by.arn), "answered");
    match (judged.judgement, recorded) {
        (Judgement::Refused(refusal), _) => Err(refused(refusal)),
        (_, Recorded::TooLate) => Err(refused(Refusal::Overtaken)),
        (Judgement::Approved, Recorded::Now) => Ok(Output::approved(answer.by.as_ref())),
        (Judgement::Pending(wait_seconds), Recorded::Now) => {
            let by = answer.by.map_or_else(String::new, |by| by.arn);
            Ok(Output::Pending { approved: false, by, wait_seconds })
        }
    }
}

/// Examines an answer. `known_signer` is set if its signature was verified before.
async fn examine<B, T, V, H>(
    ports: &Ports<B, T, V, H>,
    at: Judged<'_>,
    question: &Question,
    sent: &SentAnswer,
    known_signer: Option<Identity>,
) -> Result<JudgedAnswer, Error>
where
    B: ReadObject,
    V: VerifySignature,
    H: FindCallers,
{
    let reviewed = Reviewed::read(&ports.bucket, at.run).await?;
    if sent.approve {
        let now = Hashes { plan: &reviewed.plan.hash(), report: &reviewed.hash };
        if let Err(refusal) = refusal::check_approval(question, at.answered_at, &sent.report_hash, now) {
            return Ok(JudgedAnswer::refused(refusal));
        }
    }
    let is_too_old = reviewed.plan.approval.check_age(at.answered_at, ports.epoch_seconds());
    if let Err(error) = is_too_old {
        return Ok(JudgedAnswer { by: known_signer, judgement: Judgement::Refused(Refusal::TooOld(error)) });
    }
    let signer = match known_signer {
        Some(known) => Ok(known),
        None => signer::verify(ports, at.run, question, sent, at.answered_at).await?,
    };
    let by = match signer {
        Ok(by) => by,
        Err(refusal) => return Ok(JudgedAnswer::refused(refusal)),
    };
    let judgement = match sent.approve {
        true => check_eligibility(ports, at, &reviewed, &by).await?,
        false => Judgement::Refused(Refusal::Rejected { by: by.arn.clone(), reason: sent.reason_or_default() }),
    };
    Ok(JudgedAnswer { by: Some(by), judgement })
}

/// Checks whether the signer may approve this run. A signer who may not is refused at once. An approval waits until
/// CloudTrail has delivered every record of who started the run, and until all records up to the answer have been read.
async fn check_eligibility<B, T, V, H>(
    ports: &Ports<B, T, V, H>,
    at: Judged<'_>,
    reviewed: &Reviewed,
    by: &Identity,
) -> Result<Judgement, Error>
where
    H: FindCallers,
{
    let rules = &reviewed.plan.approval;
    let record = read_record(&ports.ledger, at.run).await?;
    let now = ports.epoch_seconds();
    let may_approve = |requesters: &[Requester]| rules.may_approve(by, requesters, account_of(&record.execution));
    let known = requesters::recorded(&record);
    match may_approve(&known) {
        Ok(()) | Err(NotEligible::RequesterUnknown(_)) => (),
        Err(error) => return Ok(Judgement::Refused(Refusal::NotEligible(error))),
    }
    let wait = rules.decidable_from(&known).map_or(0, |from| from.saturating_sub(now)).max(0).unsigned_abs();
    let read_until = now.saturating_add(FUNCTION_SECONDS).saturating_add_unsigned(wait);
    ports.ledger.renew_beyond(&reviewed.plan, at.epoch, read_until).await?;
    if wait > 0 {
        return Ok(Judgement::Pending(wait));
    }
    let until = at.answered_at.parse::<Timestamp>().map_or(now, Timestamp::as_second);
    let found =
        requesters::look_up(&ports.ledger, &ports.history, &record, rules, until, now, LIMIT_OF_JUDGEMENT).await;
    let found = found.map_err(|source| Error::Ledger { run: at.run.to_owned(), source })?;
    let eligible = may_approve(&found.requesters);
    match eligible {
        Ok(()) | Err(NotEligible::RequesterUnknown(_)) if !found.is_complete => (),
        Ok(()) => return Ok(Judgement::Approved),
        Err(error) => return Ok(Judgement::Refused(Refusal::NotEligible(error))),
    }
    let wait = match found.error {
        None => NEXT_READ_SECONDS,
        Some(error) if error.cause == Cause::Throttled => THROTTLED_SECONDS,
        Some(error) if rules.unknown_requester == UnknownRequester::Allow => {
            tracing::warn!(cause = chain(&error), "not every record of who started the run could be read");
            return Ok(Judgement::Approved);
        }
        Some(error) if error.cause == Cause::Unavailable => return Err(Error::CloudTrail(error)),
        Some(error) => return Ok(Judgement::Refused(Refusal::RequestersUnread(chain(&error)))),
    };
    ports.ledger.renew_beyond(&reviewed.plan, at.epoch, read_until.saturating_add_unsigned(wait)).await?;
    Ok(Judgement::Pending(wait))
}
