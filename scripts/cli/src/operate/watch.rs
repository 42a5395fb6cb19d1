//! `tableshift watch`: follows a run until it ends or waits for approval.

use super::snapshot::{self, Snapshot};
use super::speed::{Speed, SpeedMeter};
use super::stage::StageOptions;
use super::{OperateError, block_on, display};
use crate::output::{CommandOutput, RunStatus};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use tableshift_aws::session::executions::Run;
use tableshift_aws::session::stage::DeployedStage;

/// The time between two snapshots.
const INTERVAL: Duration = Duration::from_secs(2);
/// The time between two snapshots of a phase with many segments: each snapshot reads one ledger item for each segment.
const LONG_INTERVAL: Duration = Duration::from_secs(10);
const MANY_SEGMENTS: u64 = 500;

/// Follows a run until it ends or waits for approval
#[derive(Debug, Args)]
pub struct Watch {
    /// The run's name
    run: String,
    #[command(flatten)]
    follow: FollowOptions,
    #[command(flatten)]
    stage: StageOptions,
}

/// How to follow a run
#[derive(Debug, Clone, Args)]
pub struct FollowOptions {
    /// Keeps watching while the run waits for approval, instead of ending with exit code 3
    #[arg(long)]
    pub through_approval: bool,
    /// Prints plain lines instead of a live display; the default if standard error is not a terminal
    #[arg(long)]
    pub lines: bool,
}

/// Follows the execution that works on the run.
pub fn run(watch: &Watch) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let stage = watch.stage.find().await?;
        let snapshot = snapshot::of_run(&stage, &watch.run).await?;
        let execution = Run { name: watch.run.clone(), arn: snapshot.execution };
        follow(&stage, &execution, &watch.run, &watch.follow, watch.stage.json).await
    })
}

/// Follows an execution that works on `run` until it ends or waits for approval, and returns the last snapshot.
pub async fn follow(
    stage: &DeployedStage,
    execution: &Run,
    run: &str,
    options: &FollowOptions,
    json: bool,
) -> Result<CommandOutput, OperateError> {
    let (mut meter, mut display) = (SpeedMeter::default(), ProgressDisplay::new(options.lines || json));
    loop {
        let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
        // Until Plan has recorded this execution, the record is about the execution before it.
        let record = record.filter(|record| record.execution == execution.arn);
        let snapshot = snapshot::of_execution(stage, run, &execution.arn, record).await?;
        let goes_on = match snapshot.status {
            RunStatus::InProgress => true,
            RunStatus::WaitingForApproval => options.through_approval,
            _ => false,
        };
        if !goes_on {
            display.clear();
            return Ok(display::output(&snapshot, json));
        }
        display.show(&snapshot, meter.add(&snapshot));
        let has_many = snapshot.progress.as_ref().is_some_and(|progress| progress.segments > MANY_SEGMENTS);
        tokio::time::sleep(if has_many { LONG_INTERVAL } else { INTERVAL }).await;
    }
}

/// Shows snapshots on standard error while a run works, so that standard output contains only the final result.
enum ProgressDisplay {
    Live(ProgressBar),
    Lines { last: String },
}

impl ProgressDisplay {
    fn new(lines: bool) -> Self {
        if lines || !std::io::stderr().is_terminal() {
            return Self::Lines { last: String::new() };
        }
        let bar = ProgressBar::new(1000);
        let style = ProgressStyle::with_template("{prefix}  {elapsed}  [{wide_bar}] {percent}%\n{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self::Live(bar)
    }

    fn show(&mut self, snapshot: &Snapshot, speed: Option<Speed>) {
        match self {
            Self::Live(bar) => {
                let fraction = snapshot.progress.as_ref().map_or(0.0, |progress| progress.fraction());
                bar.set_prefix(format!("{}  {}", snapshot.run, display::state(snapshot)));
                bar.set_position((fraction * 1000.0) as u64);
                bar.set_message(display::lines_below_bar(snapshot, speed));
            }
            Self::Lines { last } => {
                let line = display::line(snapshot, speed);
                if line != *last {
                    let _ = writeln!(std::io::stderr(), "{line}");
                    *last = line;
                }
            }
        }
    }

    fn clear(&self) {
        if let Self::Live(bar) = self {
            bar.finish_and_clear();
        }
    }
}
