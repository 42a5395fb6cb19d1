//! Folds the partial results of a phase into the run's report.

use std::collections::BTreeSet;

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::run_files::load;
use tableshift_aws::s3::{ListObjects, ReadObject};
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Gathered, Report};
use tableshift_core::write::counts::Partial;

use crate::Error;

/// How many partial results are read at the same time.
const CONCURRENT_READS: usize = 16;

/// Reads the earlier report and adds this phase. Before a verification, adds the migration that it verifies.
pub(crate) async fn fold(
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

/// Returns how many parts a phase has, and the sum of their results. The results are added in the order of their keys, so
/// that the same results always give the same examples.
async fn gather(
    bucket: &(impl ReadObject + ListObjects),
    plan: &RunPlan,
    phase: Phase,
    wave: Wave,
) -> Result<(u64, Gathered), Error> {
    let parts = parts(bucket, plan, phase, wave).await?;
    let prefix = keys::partials(&plan.run, phase);
    let listed = bucket.list(&prefix).await.map_err(|source| Error::Object { key: prefix, source })?;
    // A repeated dry run may have fewer parts; the results of the other parts of the first one do not count.
    let results = futures::stream::iter(listed.into_iter().filter(|key| parts.contains(key)));
    let results = results.map(|key| async move { load::<Partial>(bucket, &key).await });
    let gathered = results.buffered(CONCURRENT_READS).try_fold(Gathered::default(), |mut sum, partial| async move {
        partial.into_iter().for_each(|partial| sum.add(partial));
        Ok(sum)
    });
    Ok((parts.len() as u64, gathered.await.map_err(Error::File)?))
}

/// The keys of the results of all parts of a phase in a wave.
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
