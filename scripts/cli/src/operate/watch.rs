//! `tableshift watch`: follows a run until it ends or waits for a person.

use super::ended::Standing;
use super::look::{Seen, look, look_at};
use super::progress::Pace;
use super::stage::Target;
use super::{OperateError, block_on, view};
use crate::ending::Told;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;
use tableshift_aws::session::executions::Run;
use tableshift_aws::session::stage::DeployedStage;

/// Between two looks. A look at a run of thousands of segments reads as many small items of the ledger.
const PAUSE: Duration = Duration::from_secs(2);
const LONG_PAUSE: Duration = Duration::from_secs(10);
const MANY_SEGMENTS: u64 = 500;

/// Follows a run until it ends, or until it waits for a person's yes
#[derive(Debug, Args)]
pub struct Watch {
    /// The run
    run: String,
    #[command(flatten)]
    follow: Follow,
    #[command(flatten)]
    target: Target,
}

/// How to follow a run
#[derive(Debug, Clone, Args)]
pub struct Follow {
    /// Goes on watching while the run waits for approval, instead of ending with exit code 3
    #[arg(long)]
    pub through_approval: bool,
    /// Prints lines instead of a live display, as it does by itself where the standard error is no terminal
    #[arg(long)]
    pub lines: bool,
}

/// Watches.
pub fn run(watch: &Watch) -> Result<Told, OperateError> {
    block_on(async {
        let stage = watch.target.find().await?;
        let seen = look(&stage, &watch.run).await?;
        let run = Run { name: watch.run.clone(), arn: seen.execution.clone() };
        follow(&stage, &run, None, &watch.follow, watch.target.json).await
    })
}

/// Follows an execution. `run` is the run that it works on, if that is not the one that it began.
pub async fn follow(
    stage: &DeployedStage,
    execution: &Run,
    run: Option<&str>,
    how: &Follow,
    json: bool,
) -> Result<Told, OperateError> {
    let run = run.unwrap_or(&execution.name);
    let (mut pace, mut screen) = (Pace::default(), Screen::new(how.lines || json));
    loop {
        let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
        // Until Plan has written this execution down, the record of a run that it takes up is of the one before it.
        let record = record.filter(|record| record.execution == execution.arn);
        let seen = look_at(stage, run, &execution.arn, record).await?;
        let waits = seen.standing == Standing::WaitsForApproval && how.through_approval;
        if seen.standing == Standing::UnderWay || waits {
            screen.show(&seen, pace.take(&seen));
            let many = seen.progress.as_ref().is_some_and(|progress| progress.segments > MANY_SEGMENTS);
            tokio::time::sleep(if many { LONG_PAUSE } else { PAUSE }).await;
            continue;
        }
        screen.clear();
        return Ok(told(&seen, json));
    }
}

/// What is left to say of a run that was looked at.
pub fn told(seen: &Seen, json: bool) -> Told {
    let text = match json {
        true => serde_json::to_string_pretty(seen).unwrap_or_default() + "\n",
        false => view::page(seen),
    };
    Told { text, ending: seen.standing.ending() }
}

/// Where a run is shown while it works: on the standard error, so that what is printed at the end can be piped.
enum Screen {
    Live(ProgressBar),
    Lines { last: String },
}

impl Screen {
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

    fn show(&mut self, seen: &Seen, speed: Option<super::progress::Speed>) {
        match self {
            Self::Live(bar) => {
                bar.set_prefix(format!("{}  {}", seen.run, view::place(seen)));
                bar.set_position((seen.progress.as_ref().map_or(0.0, |p| p.fraction()) * 1000.0) as u64);
                bar.set_message(view::lines(seen, speed));
            }
            Self::Lines { last } => {
                let line = view::line(seen, speed);
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
