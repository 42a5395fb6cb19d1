//! A run's open request for approval: reading it, and answering it.

use super::decision::Decision;
use super::error::{AnswerError, cannot};
use super::summary::Summary;
use jiff::Timestamp;
use serde_json::json;
use std::time::{Duration, SystemTime};
use tableshift_aws::Clients;
use tableshift_aws::ledger::approvals::{Answer, Question, Secrets};
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::ReadObject as _;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Hashes, NotEligible, account_of};
use tableshift_core::approval::signature::{AnswerTo, Statement};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;

/// How long to wait until the run has recorded the answer.
const MAX_WAIT: Duration = Duration::from_secs(60);
const INTERVAL: Duration = Duration::from_secs(1);

/// An open request for approval, and the plan and report that it is about.
pub struct ApprovalRequest {
    plan: RunPlan,
    report: Report,
    question: Question,
    record: RunRecord,
    secrets: Secrets,
}

impl ApprovalRequest {
    /// Reads the request of a run. Fails if there is none, if it is closed, or if plan or report have changed since.
    pub async fn read(clients: &Clients, run: &str) -> Result<Self, AnswerError> {
        let ledger = clients.ledger();
        let question = read_question(clients, run).await?;
        let (plan, report) = read_files(clients, run, &question).await?;
        let record = ledger.run(run).await.map_err(cannot("read the run in the ledger"))?;
        let secrets = ledger.secrets(run).await.map_err(cannot(
            "read the token of the request in the ledger; approvers need the policy tableshift-<stage>-approver",
        ))?;
        let secrets = secrets.filter(|secrets| secrets.question == question.id);
        let (record, secrets) = record.zip(secrets).ok_or_else(|| AnswerError::NotRequested(run.to_owned()))?;
        Ok(Self { plan, report, question, record, secrets })
    }

    /// The name of the run's table.
    pub fn table(&self) -> &str {
        &self.plan.table.name
    }

    /// What the person reads before they confirm.
    pub fn summary(&self, caller: &Identity, decision: Decision) -> String {
        let Self { plan, report, question, record, .. } = self;
        Summary { plan, report, question, requesters: &record.requesters, caller, decision }.text()
    }

    /// Fails if an approval by this caller would not count. It must not be sent, because it would end the run.
    pub fn check_approver(&self, caller: &Identity) -> Result<(), AnswerError> {
        let account = account_of(&self.record.execution);
        match self.plan.approval.may_approve(caller, &self.record.requesters, account) {
            // CloudTrail may know the requester by the time the run judges the answer.
            Ok(()) | Err(NotEligible::RequesterUnknown(_)) => Ok(()),
            Err(error) => Err(AnswerError::NotEligible(error)),
        }
    }

    /// The time until which the run cannot decide on an approval, because CloudTrail may still record who started it;
    /// none if it can decide now.
    pub fn undecidable_until(&self) -> Option<Timestamp> {
        let time = self.plan.approval.decidable_from(&self.record.requesters)?;
        Timestamp::from_second(time).ok().filter(|time| *time > Timestamp::now())
    }

    /// Signs the answer and sends it to the waiting execution.
    pub async fn send(&self, clients: &Clients, decision: Decision, reason: &str) -> Result<(), AnswerError> {
        let approve = decision == Decision::Approve;
        let Question { plan_hash, report_hash, .. } = &self.question;
        let to = AnswerTo { run: &self.plan.run, plan_hash, report_hash, secret: &self.secrets.secret };
        let signer = clients.signer().await.map_err(cannot("sign the answer"))?;
        let signature = signer.sign(&Statement::answer(to, approve, reason), SystemTime::now()).await;
        let signature = signature.map_err(cannot("sign the answer"))?;
        let answer = json!({"approve": approve, "report_hash": report_hash, "reason": reason, "signature": signature});
        let is_waiting = clients.answers().send(&self.secrets.token, &answer.to_string()).await;
        match is_waiting.map_err(cannot("send the answer"))? {
            true => Ok(()),
            false => Err(AnswerError::NotWaiting(self.plan.run.clone())),
        }
    }

    /// Waits until the run has judged the answer and recorded it in the ledger; none if it takes too long.
    pub async fn wait_for_record(&self, clients: &Clients) -> Option<Answer> {
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < MAX_WAIT {
            tokio::time::sleep(INTERVAL).await;
            let asked = clients.ledger().approval(&self.plan.run).await.ok().flatten();
            if let Some(answer) = asked.and_then(|asked| asked.answer) {
                return Some(answer);
            }
        }
        None
    }
}

async fn read_question(clients: &Clients, run: &str) -> Result<Question, AnswerError> {
    let asked = clients.ledger().approval(run).await.map_err(cannot("read the request for approval in the ledger"))?;
    let asked = asked.ok_or_else(|| AnswerError::NotRequested(run.to_owned()))?;
    match asked.answer {
        Some(Answer { outcome, answered_at: at, .. }) => {
            Err(AnswerError::Closed { run: run.to_owned(), outcome: outcome.as_str(), at })
        }
        None => Ok(asked.question),
    }
}

/// Reads the plan and the report, and compares them with the hashes of the request: the person must see exactly what
/// they sign.
async fn read_files(clients: &Clients, run: &str, question: &Question) -> Result<(RunPlan, Report), AnswerError> {
    let bucket = clients.bucket();
    let plan = load_plan(&bucket, run).await.map_err(cannot("read the run's plan"))?;
    let bytes = bucket.get(&keys::report(run)).await.map_err(cannot("read the run's report"))?;
    let report = serde_json::from_slice(&bytes);
    let report = report.map_err(cannot("read the run's report, which is from another version of tableshift"))?;
    let now = Hashes { plan: &plan.hash(), report: &hash::of_bytes(&bytes) };
    let requested = Hashes { plan: &question.plan_hash, report: &question.report_hash };
    now.still(requested).map_err(|_| AnswerError::Changed(run.to_owned()))?;
    Ok((plan, report))
}
