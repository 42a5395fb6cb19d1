//! Lists the files of a complete export for the dry run.

use tableshift_aws::dynamodb::exports::Export;
use tableshift_aws::run_files::store;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;

use crate::manifest::{self, ManifestError};
use crate::{Error, Output};

/// Checks the manifests of a complete export and writes the list of files that the Map DryRun reads.
pub(crate) async fn list(
    bucket: &(impl ReadObject + WriteObject),
    plan: &RunPlan,
    export: Export,
) -> Result<Output, Error> {
    let prefix = keys::export_prefix(&plan.run);
    let summary_key = manifest::summary_key(export.manifest.as_deref(), &prefix, &export.arn);
    let summary = read_checked(bucket, &summary_key).await?;
    let summary = manifest::read_summary(&summary_key, &summary, &plan.table.arn).map_err(Error::Corrupt)?;
    let files = read_checked(bucket, &summary.manifest_files_s3_key).await?;
    let parts = manifest::read_parts(&summary.manifest_files_s3_key, &files, &summary).map_err(Error::Corrupt)?;
    store(bucket, &keys::dry_run_parts(&plan.run), &parts).await.map_err(Error::File)?;
    Ok(Output { arn: Some(export.arn), status: export.status, files: parts.len() as u64, items: summary.item_count })
}

/// Reads a manifest and checks it against its checksum file.
async fn read_checked(bucket: &impl ReadObject, key: &str) -> Result<Vec<u8>, Error> {
    let unreadable = |key: &str, source| Error::Manifest { key: key.to_owned(), source };
    let content = bucket.get(key).await.map_err(|source| unreadable(key, source))?;
    for checksum_key in manifest::checksum_keys(key) {
        match bucket.get(&checksum_key).await {
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(unreadable(&checksum_key, error)),
            Ok(checksum) => {
                manifest::check_md5(key, &content, &checksum_key, &checksum).map_err(Error::Corrupt)?;
                return Ok(content);
            }
        }
    }
    Err(Error::Corrupt(ManifestError::NoChecksum { key: key.to_owned() }))
}
