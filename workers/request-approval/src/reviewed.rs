//! The plan and the report that a question is about, as they are in the bucket now.

use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::ReadObject;
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;

use crate::Error;

/// What a reviewer reads.
pub(crate) struct Reviewed {
    pub(crate) plan: RunPlan,
    pub(crate) report: Report,
    /// SHA-256 of the bytes of `report.json`, so that a reviewer can compare it with `sha256sum` of the downloaded file.
    pub(crate) hash: String,
}

impl Reviewed {
    pub(crate) async fn read(bucket: &impl ReadObject, run: &str) -> Result<Self, Error> {
        let plan = load_plan(bucket, run).await.map_err(Error::Plan)?;
        let key = keys::report(run);
        let bytes = bucket.get(&key).await.map_err(|source| Error::Report { key: key.clone(), source })?;
        let report = serde_json::from_slice(&bytes).map_err(|source| Error::ReportContent { key, source })?;
        Ok(Self { plan, report, hash: hash::of_bytes(&bytes) })
    }
}
