//! `tableshift report`: the run's report, for people or programs.

use super::stage::Target;
use super::{OperateError, block_on, view};
use crate::ending::{Ending, Told};
use clap::Args;
use tableshift_aws::s3::{ObjectError, ReadObject as _};
use tableshift_core::plan::keys;
use tableshift_core::report::run_report::{Report as RunReport, Verdict};

/// Shows the report of a run; with --open, its page in the browser
#[derive(Debug, Args)]
pub struct Report {
    /// The run
    run: String,
    /// Saves the page in a file of its own and opens it in the browser
    #[arg(long, conflicts_with = "json")]
    open: bool,
    #[command(flatten)]
    target: Target,
}

/// Shows the report. The exit code is 0 whatever its verdict: `status` tells how the run stands.
pub fn run(report: &Report) -> Result<Told, OperateError> {
    block_on(async {
        let stage = report.target.find().await?;
        let key = if report.open { keys::report_page(&report.run) } else { keys::report(&report.run) };
        let bytes = stage.clients.bucket().get(&key).await.map_err(|error| missing(&report.run, error))?;
        let text = match (report.open, report.target.json) {
            (true, _) => opened(&report.run, &bytes)?,
            (false, true) => String::from_utf8_lossy(&bytes).into_owned(),
            (false, false) => prose(&serde_json::from_slice(&bytes).map_err(|source| unreadable(&key, source))?),
        };
        Ok(Told { text, ending: Ending::Fine })
    })
}

fn missing(run: &str, error: ObjectError) -> OperateError {
    let what = match &error {
        ObjectError::Missing { .. } => format!("run `{run}` has no report yet: the dry run makes the first one"),
        _ => format!("the report of run `{run}` cannot be read"),
    };
    OperateError::Machine { what, source: error.into() }
}

fn unreadable(key: &str, source: serde_json::Error) -> OperateError {
    OperateError::Machine { what: format!("{key} is no report of this version"), source: source.into() }
}

/// Saves the page where only this user reads it, and opens it.
fn opened(run: &str, page: &[u8]) -> Result<String, OperateError> {
    let path = std::env::temp_dir().join(format!("tableshift-{run}-{}.html", std::process::id()));
    let failed = |source: std::io::Error| OperateError::Machine {
        what: format!("the page cannot be opened from {}", path.display()),
        source: source.into(),
    };
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(failed)?;
    std::io::Write::write_all(&mut file, page).map_err(failed)?;
    open::that_detached(&path).map_err(failed)?;
    Ok(format!("{}\n", path.display()))
}

fn prose(report: &RunReport) -> String {
    let verdict = |verdict: &Verdict| if *verdict == Verdict::Good { "good" } else { "bad" };
    let mut text = format!("{}  {}  {}\n", report.run, report.migration, report.table);
    for (phase, found) in &report.phases {
        let counts = serde_json::to_value(found.tally.counts).unwrap_or_default();
        let counts = counts.as_object().into_iter().flatten().filter(|(_, count)| count.as_u64() != Some(0));
        let counts: Vec<String> = counts.map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
        text += &format!("{:<10}{:<5}  {}\n", phase.as_str(), verdict(&found.verdict), counts.join(", "));
        let throttles = view::throttles(&found.tally.throttles);
        let remarks = found.reasons.iter().chain(&found.notes).chain(&throttles);
        text.extend(remarks.map(|remark| format!("{:<17}{remark}\n", "")));
    }
    text + &format!("verdict: {}\n", verdict(&report.verdict))
}
