//! Report: folds the partial results of a phase into one report and a verdict.
//!
//! `report.json` is for programs, and what an approval is bound to; `report.html` shows the same to people. The same
//! partial results give the same bytes, so a repeated call changes nothing.

mod bar;
mod notice;
pub mod page;
mod phase;
mod plan;
mod sample;
mod text;

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use page::Page;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::{RunFileError, load, load_plan};
use tableshift_aws::s3::{ListObjects, ObjectError, ReadObject, WriteObject};
use tableshift_aws::sns::Publish;
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Gathered, Report, Verdict};
use tableshift_core::write::counts::Partial;
use tableshift_runtime::{ErrorName, Named};

/// How many partial results are on their way at a time.
const READS_AT_A_TIME: usize = 16;

/// How many reasons the answer holds: it travels through the state machine, and the report has them all.
const MAX_REASONS: usize = 10;

/// Which phase of which run to report.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run.
    pub run: String,
    /// The epoch of its lock.
    pub epoch: u64,
    /// The phase that has ended.
    pub phase: Phase,
    /// Whose turn it was. A dry run and a way back have none: they are about every segment.
    #[serde(default)]
    pub wave: Wave,
}

/// The verdict, and where its grounds are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may go on.
    pub verdict: Verdict,
    /// The first reasons why not.
    pub reasons: Vec<String>,
    /// The phase.
    pub phase: Phase,
    /// Whose turn it was.
    pub wave: Wave,
    /// The key of `report.json`.
    pub key: String,
    /// The SHA-256 of its bytes.
    pub hash: String,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan, an earlier report or a partial result could not be read.
    #[error("a file of the run could not be used")]
    File(#[source] RunFileError),
    /// The list of what to dry-run is gone.
    #[error("run `{run}` has no {key}; start a new run")]
    NoDryRun {
        /// The run.
        run: String,
        /// Where the list should be.
        key: String,
    },
    /// The report could not be written, or the partial results not be listed.
    #[error("{key} could not be used")]
    Object {
        /// The object's key, or the prefix that was listed.
        key: String,
        /// What went wrong.
        #[source]
        source: ObjectError,
    },
    /// The report cannot be written as JSON.
    #[error("the report of run `{0}` cannot be written as JSON")]
    Json(String, #[source] serde_json::Error),
    /// The page for people cannot be made.
    #[error("the page of run `{0}` cannot be made from its report")]
    Page(String, #[source] askama::Error),
    /// The lock could not be asked for.
    #[error("the lock of table `{table}` could not be renewed")]
    Ledger {
        /// The table.
        table: String,
        /// What went wrong.
        #[source]
        source: LedgerError,
    },
    /// The lock is another run's, or another execution's.
    #[error(
        "run `{run}` lost the lock of table `{table}` to another execution; it goes on under that one, or by a new \
         execution with `action: resume`"
    )]
    LeaseLost {
        /// The run.
        run: String,
        /// The table.
        table: String,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::File(source) => source.name(),
            Self::Object { source, .. } => source.name(),
            Self::NoDryRun { .. } | Self::Json(..) | Self::Page(..) => ErrorName::Internal,
            Self::Ledger { source, .. } => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
        }
    }
}

/// Folds the partial results of a phase into the run's report and writes it, for programs and for people.
pub async fn run(
    bucket: &(impl ReadObject + WriteObject + ListObjects),
    ledger: &impl LockTable,
    topic: &impl Publish,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::File)?;
    hold(ledger, &plan, &input, now).await?;
    let report = fold(bucket, &plan, input.phase, input.wave).await?;
    let hash = write(bucket, &plan, &report).await?;
    let verdict = report.verdict;
    tracing::info!(phase = input.phase.as_str(), ?verdict, reasons = report.reasons.len(), hash, "report");
    notice::tell_of(&report, &plan, topic, ledger, now).await;
    let reasons = report.reasons.into_iter().take(MAX_REASONS).collect();
    Ok(Output { verdict, reasons, phase: input.phase, wave: input.wave, key: keys::report(&plan.run), hash })
}

/// An execution that was taken over must not replace the report that its successor asks an approval for.
async fn hold(ledger: &impl LockTable, plan: &RunPlan, input: &Input, now: i64) -> Result<(), Error> {
    let table = &plan.table.name;
    let lease_until = now / 1000 + plan.lease_seconds as i64;
    let held = ledger.renew(table, &input.run, input.epoch, lease_until).await;
    if held.map_err(|source| Error::Ledger { table: table.clone(), source })? {
        return Ok(());
    }
    Err(Error::LeaseLost { run: input.run.clone(), table: table.clone() })
}

/// The report so far, with this phase in it. A verification proves the writing, so it folds that first.
async fn fold(
    bucket: &(impl ReadObject + ListObjects),
    plan: &RunPlan,
    phase: Phase,
    wave: Wave,
) -> Result<Report, Error> {
    let earlier = load::<Report>(bucket, &keys::report(&plan.run)).await.map_err(Error::File)?;
    let mut report = Report { wave, ..Report::new(plan, phase) };
    report.phases = earlier.map(|report| report.phases).unwrap_or_default();
    if phase == Phase::Verify {
        let (parts, gathered) = gather(bucket, plan, Phase::Migrate, wave).await?;
        if plan.steps.migrate || !gathered.is_empty() {
            report.fold(Phase::Migrate, parts, gathered, plan.invalid_items);
        }
    }
    let (parts, gathered) = gather(bucket, plan, phase, wave).await?;
    report.fold(phase, parts, gathered, plan.invalid_items);
    Ok(report)
}

/// How many parts a phase has, and the sum of what they left. Results are taken in the order of their keys, so that the
/// same ones give the same examples.
async fn gather(
    bucket: &(impl ReadObject + ListObjects),
    plan: &RunPlan,
    phase: Phase,
    wave: Wave,
) -> Result<(u64, Gathered), Error> {
    let parts = parts(bucket, plan, phase, wave).await?;
    let prefix = keys::partials(&plan.run, phase);
    let listed = bucket.list(&prefix).await.map_err(|source| Error::Object { key: prefix, source })?;
    // A dry run that was made again may have fewer parts: what the first one left besides does not count.
    let results = futures::stream::iter(listed.into_iter().filter(|key| parts.contains(key)));
    let results = results.map(|key| async move { load::<Partial>(bucket, &key).await });
    let gathered = results.buffered(READS_AT_A_TIME).try_fold(Gathered::default(), |mut sum, partial| async move {
        partial.into_iter().for_each(|partial| sum.add(partial));
        Ok(sum)
    });
    Ok((parts.len() as u64, gathered.await.map_err(Error::File)?))
}

/// The keys under which the parts of a phase leave their results in a wave.
async fn parts(bucket: &impl ReadObject, plan: &RunPlan, phase: Phase, wave: Wave) -> Result<BTreeSet<String>, Error> {
    let key = |part: &str| keys::partial(&plan.run, phase, part);
    if phase != Phase::DryRun {
        return Ok(plan.segments_in_order(wave).into_iter().map(|segment| key(&segments::name(segment))).collect());
    }
    let list = keys::dry_run_parts(&plan.run);
    let parts = load::<Vec<Part>>(bucket, &list).await.map_err(Error::File)?;
    let parts = parts.ok_or_else(|| Error::NoDryRun { run: plan.run.clone(), key: list })?;
    Ok(parts.iter().map(|part| key(&part.part)).collect())
}

/// Writes the page and then the report, whose hash it returns: where there is a report, there is its page.
async fn write(bucket: &impl WriteObject, plan: &RunPlan, report: &Report) -> Result<String, Error> {
    let json = serde_json::to_vec_pretty(report).map_err(|source| Error::Json(plan.run.clone(), source))?;
    let hash = hash::of_bytes(&json);
    let page = Page::of(report, plan, &hash).html().map_err(|source| Error::Page(plan.run.clone(), source))?;
    put(bucket, keys::report_page(&plan.run), page.into_bytes(), "text/html; charset=utf-8").await?;
    put(bucket, keys::report(&plan.run), json, "application/json").await?;
    Ok(hash)
}

async fn put(bucket: &impl WriteObject, key: String, bytes: Vec<u8>, content_type: &str) -> Result<(), Error> {
    bucket.put(&key, bytes, content_type).await.map_err(|source| Error::Object { key, source })
}
