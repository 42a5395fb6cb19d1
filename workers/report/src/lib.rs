//! Report: folds the partial results of a phase into one report with a verdict.
//!
//! `report.json` is for programs, and an approval is bound to its hash. `report.html` shows the same to people. The same
//! partial results give the same bytes, so a repeated call changes nothing.

mod bar;
mod error;
mod fold;
mod format;
mod items;
mod notification;
pub mod page;
mod phase;
mod plan;

use page::Page;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::sns::Publish;
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Report, Verdict};

pub use error::Error;

/// The most reasons in the output, which becomes part of the state data. The report contains all of them.
const MAX_REASONS: usize = 10;

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run's id.
    pub run: String,
    /// The fencing token of the run's lock.
    pub epoch: u64,
    /// The phase that has ended.
    pub phase: Phase,
    /// The wave that has ended. A dry run and a roll-back have no wave, because they are about every segment.
    #[serde(default)]
    pub wave: Wave,
}

/// The verdict, and where the report is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may continue.
    pub verdict: Verdict,
    /// The first 10 reasons of a bad verdict.
    pub reasons: Vec<String>,
    /// The phase of the input.
    pub phase: Phase,
    /// The wave of the input.
    pub wave: Wave,
    /// The key of `report.json`.
    pub key: String,
    /// The SHA-256 of `report.json`.
    pub hash: String,
}

/// Folds the partial results of a phase into the run's report, and writes the report for programs and for people. `now` is
/// in epoch milliseconds.
pub async fn run(
    bucket: &(impl ReadObject + WriteObject + ListObjects),
    ledger: &impl LockTable,
    topic: &impl Publish,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::File)?;
    // An execution that lost the lock must not replace the report that the other execution needs an approval for.
    ledger.renew_beyond(&plan, input.epoch, now / 1000).await?;
    let report = fold::fold(bucket, &plan, input.phase, input.wave).await?;
    let hash = write(bucket, &plan, &report).await?;
    let verdict = report.verdict;
    tracing::info!(phase = input.phase.as_str(), ?verdict, reasons = report.reasons.len(), hash, "report");
    notification::publish(&report, &plan, topic, ledger, now).await;
    let reasons = report.reasons.into_iter().take(MAX_REASONS).collect();
    Ok(Output { verdict, reasons, phase: input.phase, wave: input.wave, key: keys::report(&plan.run), hash })
}

/// Writes the page and then the report, so that no report is without its page. Returns the report's SHA-256.
async fn write(bucket: &impl WriteObject, plan: &RunPlan, report: &Report) -> Result<String, Error> {
    let json = serde_json::to_vec_pretty(report).map_err(|source| Error::Json(plan.run.clone(), source))?;
    let hash = hash::of_bytes(&json);
    let page = Page::new(report, plan, &hash).html().map_err(|source| Error::Page(plan.run.clone(), source))?;
    put(bucket, keys::report_page(&plan.run), page.into_bytes(), "text/html; charset=utf-8").await?;
    put(bucket, keys::report(&plan.run), json, "application/json").await?;
    Ok(hash)
}

async fn put(bucket: &impl WriteObject, key: String, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
    bucket.put(&key, bytes, content_type).await.map_err(|source| Error::Object { key, source })
}
