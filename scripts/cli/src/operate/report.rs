//! `tableshift report`: shows the report of a run.

use super::stage::StageOptions;
use super::{OperateError, block_on, display};
use crate::output::CommandOutput;
use clap::Args;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use tableshift_aws::s3::{ObjectError, ReadObject as _};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::run_report::{PhaseReport, Report as RunReport, Verdict};

/// Shows what each phase of a run counted, and why a verdict is bad
///
/// The exit code is 0 whatever the verdict; `status` has an exit code for each status of a run.
#[derive(Debug, Args)]
pub struct Report {
    /// The run's name
    run: String,
    /// Saves the HTML report in a temporary file and opens it in the browser
    #[arg(long, conflicts_with = "json")]
    open: bool,
    #[command(flatten)]
    stage: StageOptions,
}

/// Reads the report from the stage's bucket and returns or opens it.
pub fn run(report: &Report) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let stage = report.stage.find().await?;
        let key = if report.open { keys::report_page(&report.run) } else { keys::report(&report.run) };
        let bytes = stage.clients.bucket().get(&key).await.map_err(|error| unreadable(&report.run, error))?;
        let text = if report.open {
            open_page(&report.run, &bytes)?
        } else if report.stage.json {
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            as_text(&serde_json::from_slice(&bytes).map_err(|source| other_version(&key, source))?)
        };
        Ok(CommandOutput::success(text))
    })
}

fn unreadable(run: &str, error: ObjectError) -> OperateError {
    let what = match &error {
        ObjectError::Missing { .. } => format!("run `{run}` has no report yet; the dry run writes the first one"),
        _ => format!("cannot read the report of run `{run}`"),
    };
    OperateError::Document { what, source: error.into() }
}

fn other_version(key: &str, source: serde_json::Error) -> OperateError {
    let what = format!("{key} is not a report that this version of tableshift can read");
    OperateError::Document { what, source: source.into() }
}

/// Saves the page in a file that only this user can read, opens it in the browser, and returns the file's path.
fn open_page(run: &str, page: &[u8]) -> Result<String, OperateError> {
    let path = std::env::temp_dir().join(format!("tableshift-{run}-{}.html", std::process::id()));
    let failed = |source: io::Error| OperateError::Document {
        what: format!("cannot open the report from {}", path.display()),
        source: source.into(),
    };
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(&path).and_then(|mut file| file.write_all(page)).map_err(failed)?;
    open::that_detached(&path).map_err(failed)?;
    Ok(format!("{}\n", path.display()))
}

fn as_text(report: &RunReport) -> String {
    let mut text = format!("{}  {}  {}\n", report.run, report.migration, report.table);
    text.extend(report.phases.iter().map(|(phase, found)| phase_as_text(*phase, found)));
    text + &format!("verdict: {}\n", word(report.verdict))
}

/// A line with the verdict and the counts of a phase, and a line for each reason, note and throttle.
fn phase_as_text(phase: Phase, report: &PhaseReport) -> String {
    let counts = serde_json::to_value(report.tally.counts).unwrap_or_default();
    let counts = counts.as_object().into_iter().flatten().filter(|(_, count)| count.as_u64() != Some(0));
    let counts: Vec<String> = counts.map(|(name, count)| format!("{count} {}", name.replace('_', " "))).collect();
    let mut text = format!("{:<10}{:<5}  {}\n", phase.as_str(), word(report.verdict), counts.join(", "));
    let throttles = display::throttles(&report.tally.throttles);
    let contentions = display::contentions(&report.tally.contentions);
    let remarks = report.reasons.iter().chain(&report.notes).chain(&throttles).chain(&contentions);
    text.extend(remarks.map(|remark| format!("{:<17}{remark}\n", "")));
    text
}

fn word(verdict: Verdict) -> &'static str {
    if verdict == Verdict::Good { "good" } else { "bad" }
}
