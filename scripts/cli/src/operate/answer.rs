//! `tableshift approve` and `tableshift reject`: show what a run asks approval for, ask for the table's name, and send an
//! answer that is signed with the AWS credentials of the shell.

mod decision;
mod error;
mod request;
mod summary;

use super::stage::StageOptions;
use crate::output::{CommandOutput, ExitStatus};
use crate::runtime::block_on;
use clap::Args;
use decision::Decision;
use error::{AnswerError, cannot};
use request::ApprovalRequest;
use serde_json::json;
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use tableshift_aws::ledger::approvals::{Answer, Outcome};

/// Approves a run that waits for approval
///
/// Shows what the run would write, and asks you to type the table's name. The approval is signed with your AWS
/// credentials and counts only for this run, this plan and this report. You cannot approve a run that you started.
#[derive(Debug, Args)]
pub struct Approve {
    #[command(flatten)]
    options: AnswerOptions,
    /// The reason, stored in the ledger
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
}

/// Rejects a run that waits for approval; no more items are migrated
#[derive(Debug, Args)]
pub struct Reject {
    #[command(flatten)]
    options: AnswerOptions,
    /// The reason, stored in the ledger and shown to everybody who follows the run
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which run, and how to confirm
#[derive(Debug, Args)]
struct AnswerOptions {
    /// The run's name
    #[arg(value_name = "RUN")]
    run: String,
    /// Sends the answer without asking, if NAME is the name of the run's table
    #[arg(long, value_name = "NAME")]
    yes_table: Option<String>,
    #[command(flatten)]
    stage: StageOptions,
}

impl Decision {
    fn verb(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }

    /// What the run records if the answer counts.
    fn expected(self) -> Outcome {
        match self {
            Self::Approve => Outcome::Approved,
            Self::Reject => Outcome::Rejected,
        }
    }
}

/// Approves a run.
pub fn approve(approve: &Approve) -> Result<CommandOutput, AnswerError> {
    run(&approve.options, Decision::Approve, &approve.reason)
}

/// Rejects a run.
pub fn reject(reject: &Reject) -> Result<CommandOutput, AnswerError> {
    run(&reject.options, Decision::Reject, &reject.reason)
}

fn run(options: &AnswerOptions, decision: Decision, reason: &str) -> Result<CommandOutput, AnswerError> {
    block_on(cannot("start the command"), async {
        let clients = options.stage.find().await.map_err(AnswerError::Stage)?.clients;
        let request = ApprovalRequest::read(&clients, &options.run).await?;
        let caller = clients.sts().await.map_err(cannot("find STS"))?.caller().await;
        let caller = caller.map_err(cannot("find out who you are; log in with the AWS CLI"))?;
        if decision == Decision::Approve {
            request.check_approver(&caller)?;
            if let Some(time) = request.undecidable_until() {
                let _ = writeln!(
                    anstream::stderr(),
                    "CloudTrail may not have recorded everybody who started the run yet. The run decides on your \
                     approval after {time}."
                );
            }
        }
        let summary = request.summary(&caller, decision);
        confirm(&summary, options.yes_table.as_deref(), request.table(), decision)?;
        request.send(&clients, decision, reason).await?;
        let recorded = request.wait_for_record(&clients).await;
        Ok(output(&options.run, decision, recorded.as_ref(), options.stage.json))
    })
}

/// Shows the summary, and requires the table's name: from `--yes-table`, or typed on the terminal.
fn confirm(summary: &str, given: Option<&str>, table: &str, decision: Decision) -> Result<(), AnswerError> {
    let _ = write!(anstream::stderr(), "{summary}");
    let typed = match given {
        Some(given) => given.to_owned(),
        None if !std::io::stdin().is_terminal() => return Err(AnswerError::NoTerminal(table.to_owned())),
        None => {
            let _ = write!(anstream::stderr(), "To {}, type the table's name: ", decision.verb());
            let mut line = String::new();
            std::io::stdin().lock().read_line(&mut line).map_err(cannot("read what you typed"))?;
            line.trim().to_owned()
        }
    };
    if typed == table { Ok(()) } else { Err(AnswerError::OtherTable(table.to_owned())) }
}

/// What the command returns once the answer is sent. `recorded` is what the run made of it; none if it has not said so
/// in time.
fn output(run: &str, decision: Decision, recorded: Option<&Answer>, as_json: bool) -> CommandOutput {
    let may_count = [decision.expected(), Outcome::Pending];
    let counts = recorded.is_none_or(|answer| may_count.contains(&answer.outcome));
    let text = match recorded {
        _ if as_json => {
            let outcome = recorded.map(|answer| answer.outcome.as_str());
            let reason = recorded.map(|answer| answer.reason.as_str());
            json!({"run": run, "outcome": outcome, "reason": reason}).to_string() + "\n"
        }
        None => format!("Sent. Run {run} has not recorded the answer yet; see `tableshift status {run}`.\n"),
        Some(answer) if answer.outcome == Outcome::Pending => format!(
            "Sent. Run {run} decides on your approval once CloudTrail has recorded everybody who started the run.\n"
        ),
        Some(answer) if counts => format!("Run {run} is {}.\n", answer.outcome.as_str()),
        Some(answer) => {
            let outcome = answer.outcome.as_str();
            format!("Your answer does not count. Run {run} recorded it as {outcome}: {}\n", answer.reason)
        }
    };
    CommandOutput { text, status: ExitStatus::success_if(counts) }
}

#[cfg(test)]
mod tests;
