//! `tableshift approve` and `tableshift reject`: shows what is asked, lets the table's name be typed, and sends an answer
//! that is signed with the shell's own AWS credentials.

use super::OperateError;
use super::question::{Told as Shown, View};
use super::stage::Target;
use crate::ending::{Ending, Told};
use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use std::error::Error;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::time::{Duration, SystemTime};
use tableshift_aws::ledger::approvals::{Answer, Outcome, Secrets};
use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::ReadObject as _;
use tableshift_aws::{CallError, Clients};
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Hashes, NotEligible, account_of};
use tableshift_core::approval::signature::{AnswerTo, Statement};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use thiserror::Error as ThisError;

/// How long the run is given to say what it makes of the answer.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(1);

/// Says yes to a run that waits for it
///
/// Shows what the run is about to write and asks for the table's name. The yes is signed with your AWS credentials
/// and counts for this run, plan and report only. Who started the run cannot approve it.
#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    which: Which,
    /// Why; it is kept in the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Says no to a run that waits for an answer; it ends with nothing more written
#[derive(Debug, Args)]
pub struct Reject {
    #[command(flatten)]
    which: Which,
    /// Why; it is kept in the ledger and told to everybody who follows the run
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which run
#[derive(Debug, Args)]
struct Which {
    /// The run
    #[arg(value_name = "RUN")]
    run: String,
    /// Answers without asking, if this is the name of the run's table
    #[arg(long, value_name = "NAME")]
    yes_table: Option<String>,
    #[command(flatten)]
    target: Target,
}

/// Why no answer was sent.
#[derive(Debug, ThisError)]
pub enum AnswerError {
    /// The stage is not found.
    #[error(transparent)]
    Stage(OperateError),
    /// A call failed, or what it gave is no good.
    #[error("{what}")]
    Failed {
        /// What was to be done.
        what: String,
        /// What went wrong.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// Nothing is asked.
    #[error("run `{0}` has put no question; check its name and the stage")]
    NotAsked(String),
    /// The question was answered.
    #[error("the question of run `{run}` was {outcome} at {at}")]
    Answered {
        /// The run.
        run: String,
        /// What became of it.
        outcome: &'static str,
        /// When.
        at: String,
    },
    /// What lies there is not what was asked about.
    #[error("plan or report of run `{0}` changed since the question was put, so no yes would count; start a new run")]
    Changed(String),
    /// The answer would not count.
    #[error("your yes would not count, so it is not sent")]
    NotEligible(#[source] NotEligible),
    /// The table's name was not given.
    #[error("not sent: the table is `{0}`, and that is not what was typed")]
    OtherTable(String),
    /// Nobody can be asked.
    #[error("nobody can be asked here; write `--yes-table {0}` if you have read the report")]
    NoTerminal(String),
    /// The run no longer waits.
    #[error("run `{0}` no longer waits for an answer; it ended, or its time is over")]
    NotWaiting(String),
}

fn failed<E: Into<Box<dyn Error + Send + Sync>>>(what: impl Into<String>) -> impl FnOnce(E) -> AnswerError {
    let what = what.into();
    move |source| AnswerError::Failed { what, source: source.into() }
}

/// Runs `approve`.
pub fn approve(asked: &Approve) -> Result<Told, AnswerError> {
    run(&asked.which, true, &asked.reason)
}

/// Runs `reject`.
pub fn reject(asked: &Reject) -> Result<Told, AnswerError> {
    run(&asked.which, false, &asked.reason)
}

fn run(which: &Which, yes: bool, reason: &str) -> Result<Told, AnswerError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(failed("the command cannot start"))?.block_on(answer(which, yes, reason))
}

async fn answer(which: &Which, yes: bool, reason: &str) -> Result<Told, AnswerError> {
    let clients = which.target.find().await.map_err(AnswerError::Stage)?.clients;
    let question = Question::read(&clients, &which.run).await?;
    let me = clients.sts().await.map_err(failed("STS is not found"))?.caller().await;
    let me = me.map_err(failed("STS cannot say who you are; log in as for the AWS CLI"))?;
    if yes {
        question.may_be_approved_by(&me)?;
    }
    if yes && let Some(from) = question.decidable_from() {
        let _ = writeln!(
            anstream::stderr(),
            "CloudTrail may not have every record of who started the run yet. The run waits with your approval until {from}."
        );
    }
    let shown = question.view(&me, yes).text();
    confirm(&shown, which.yes_table.as_deref(), &question.plan.table.name, yes)?;
    question.send(&clients, yes, reason).await?;
    let outcome = question.outcome(&clients).await;
    Ok(told(&which.run, yes, outcome.as_ref(), which.target.json))
}

/// Lets the table's name be typed, or takes it from the option.
fn confirm(shown: &str, given: Option<&str>, table: &str, yes: bool) -> Result<(), AnswerError> {
    let _ = write!(anstream::stderr(), "{shown}");
    let typed = match given {
        Some(given) => given.to_owned(),
        None if !std::io::stdin().is_terminal() => return Err(AnswerError::NoTerminal(table.to_owned())),
        None => {
            let verb = if yes { "approve" } else { "reject" };
            let _ = write!(anstream::stderr(), "To {verb}, type the table's name: ");
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(failed("the answer cannot be read"))?;
            line.trim().to_owned()
        }
    };
    if typed == table { Ok(()) } else { Err(AnswerError::OtherTable(table.to_owned())) }
}

/// An open question and what it is about.
struct Question {
    run: String,
    plan: RunPlan,
    shown: Shown,
    secrets: Secrets,
}

impl Question {
    async fn read(clients: &Clients, run: &str) -> Result<Self, AnswerError> {
        let (ledger, bucket) = (clients.ledger(), clients.bucket());
        let asked = ledger.approval(run).await.map_err(failed("the question cannot be read in the ledger"))?;
        let asked = asked.ok_or_else(|| AnswerError::NotAsked(run.to_owned()))?;
        if let Some(Answer { outcome, answered_at, .. }) = asked.answer {
            return Err(AnswerError::Answered { run: run.to_owned(), outcome: outcome.as_str(), at: answered_at });
        }
        let plan = load_plan(&bucket, run).await.map_err(failed("the run's plan cannot be read"))?;
        let bytes = bucket.get(&keys::report(run)).await.map_err(failed("the run's report cannot be read"))?;
        let report = serde_json::from_slice(&bytes).map_err(failed("the run's report is of another version"))?;
        // What is shown is what is signed: both are of the bytes that were just read.
        let now = Hashes { plan: &plan.hash(), report: &hash::of_bytes(&bytes) };
        let was = Hashes { plan: &asked.question.plan_hash, report: &asked.question.report_hash };
        now.still(was).map_err(|_| AnswerError::Changed(run.to_owned()))?;
        let record = ledger.run(run).await.map_err(failed("the run cannot be read in the ledger"))?;
        let record = record.ok_or_else(|| AnswerError::NotAsked(run.to_owned()))?;
        let secrets = ledger.secrets(run).await;
        let secrets = secrets.map_err(failed(
            "what it takes to answer cannot be read in the ledger; approvers need the policy tableshift-<stage>-approver",
        ))?;
        let secrets = secrets.filter(|secrets| secrets.question == asked.question.id);
        let secrets = secrets.ok_or_else(|| AnswerError::NotAsked(run.to_owned()))?;
        let shown =
            Shown { report, question: asked.question, requesters: record.requesters, execution: record.execution };
        Ok(Self { run: run.to_owned(), plan, shown, secrets })
    }

    fn view<'a>(&'a self, me: &'a Identity, yes: bool) -> View<'a> {
        View { plan: &self.plan, told: &self.shown, me, yes }
    }

    /// Refuses before sending what would end the run: an answer that does not count is one too.
    fn may_be_approved_by(&self, me: &Identity) -> Result<(), AnswerError> {
        let account = account_of(&self.shown.execution);
        match self.plan.approval.may_approve(me, &self.shown.requesters, account) {
            // CloudTrail may know by the time the answer is judged.
            Ok(()) | Err(NotEligible::RequesterUnknown(_)) => Ok(()),
            Err(error) => Err(AnswerError::NotEligible(error)),
        }
    }

    /// From when on an approval can be decided, ISO 8601, if that is in the future.
    fn decidable_from(&self) -> Option<Timestamp> {
        let from = self.plan.approval.decidable_from(&self.shown.requesters)?;
        Timestamp::from_second(from).ok().filter(|from| *from > Timestamp::now())
    }

    async fn send(&self, clients: &Clients, yes: bool, reason: &str) -> Result<(), AnswerError> {
        let question = &self.shown.question;
        let to = AnswerTo {
            run: &self.run,
            plan_hash: &question.plan_hash,
            report_hash: &question.report_hash,
            secret: &self.secrets.secret,
        };
        let statement = Statement::answer(to, yes, reason);
        let signer = clients.signer().await.map_err(failed("the answer cannot be signed"))?;
        let signature = signer.sign(&statement, SystemTime::now()).await;
        let signature = signature.map_err(failed("the answer cannot be signed"))?;
        let answer = json!({
            "approve": yes, "report_hash": question.report_hash, "reason": reason, "signature": signature,
        });
        let sent: Result<bool, CallError> = clients.answers().send(&self.secrets.token, &answer.to_string()).await;
        match sent.map_err(failed("the answer cannot be sent"))? {
            true => Ok(()),
            false => Err(AnswerError::NotWaiting(self.run.clone())),
        }
    }

    /// What the run makes of the answer, as the ledger says.
    async fn outcome(&self, clients: &Clients) -> Option<Answer> {
        let mut answer = None;
        let begun = tokio::time::Instant::now();
        while answer.is_none() && begun.elapsed() < PATIENCE {
            tokio::time::sleep(PAUSE).await;
            answer = clients.ledger().approval(&self.run).await.ok().flatten().and_then(|asked| asked.answer);
        }
        answer
    }
}

/// What to say once the answer is sent, and how the command ends.
fn told(run: &str, yes: bool, answer: Option<&Answer>, as_json: bool) -> Told {
    let expected = if yes { Outcome::Approved } else { Outcome::Rejected };
    let text = match answer {
        _ if as_json => {
            let outcome = answer.map(|answer| answer.outcome.as_str());
            let reason = answer.map(|answer| answer.reason.as_str());
            json!({"run": run, "outcome": outcome, "reason": reason}).to_string() + "\n"
        }
        None => format!("Sent. Run {run} has not said yet what it makes of the answer.\n"),
        Some(answer) if answer.outcome == Outcome::Pending => format!(
            "Run {run} has your approval and decides on it once CloudTrail's records of who started the run are complete.\n"
        ),
        Some(answer) if answer.outcome == expected => format!("Run {run} is {}.\n", answer.outcome.as_str()),
        Some(answer) => format!("Run {run}: the answer was {}: {}\n", answer.outcome.as_str(), answer.reason),
    };
    Told {
        text,
        ending: Ending::of(answer.is_none_or(|answer| [expected, Outcome::Pending].contains(&answer.outcome))),
    }
}

#[cfg(test)]
mod tests;
