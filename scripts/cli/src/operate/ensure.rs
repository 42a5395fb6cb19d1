//! `tableshift ensure-finished`: the check for a release that depends on a migration.

use super::stage::StageOptions;
use super::{OperateError, block_on};
use crate::files;
use crate::output::{CommandOutput, ExitStatus, RunStatus};
use clap::Args;
use serde_json::json;
use std::error::Error;
use std::path::PathBuf;
use tableshift_aws::ledger::runs::Applied;
use tableshift_aws::s3::ReadObject as _;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;

/// Succeeds only if this exact migration is applied to the table and verified
///
/// Otherwise ends with exit code 9 and says what is missing. Use it before a release that depends on the migrated data.
#[derive(Debug, Args)]
pub struct Ensure {
    /// The migration's id. Its content is read from migrations/ID.yaml in the stage's bucket, unless --file is given
    migration: String,
    /// The table's name
    #[arg(long)]
    table: String,
    /// A local file with the migration's content
    #[arg(long)]
    file: Option<PathBuf>,
    #[command(flatten)]
    stage: StageOptions,
}

/// Compares the migration with the ledger's record of what is applied to the table.
pub fn run(ensure: &Ensure) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let stage = ensure.stage.find().await?;
        let document = read_document(&stage, ensure).await.map_err(|source| OperateError::Document {
            what: format!("cannot read the content of migration `{}`", ensure.migration),
            source,
        })?;
        let applied = stage.clients.ledger().applied(&ensure.table, &ensure.migration).await;
        let missing = what_is_missing(&ensure.migration, &document, applied.map_err(OperateError::Ledger)?.as_ref());
        Ok(output(ensure, missing))
    })
}

async fn read_document(stage: &DeployedStage, ensure: &Ensure) -> Result<Document, Box<dyn Error + Send + Sync>> {
    let text = match &ensure.file {
        Some(path) => files::read(path)?.text,
        None => {
            let bytes = stage.clients.bucket().get(&keys::migration(&ensure.migration)).await?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
    };
    Ok(Document::from_yaml(&text)?)
}

/// What is missing before the migration is finished on the table; none if it is finished.
fn what_is_missing(id: &str, document: &Document, applied: Option<&Applied>) -> Option<String> {
    if document.id != id {
        return Some(format!("the document has another id, `{}`", document.id));
    }
    let Some(applied) = applied else { return Some("it is not applied".into()) };
    if applied.hash != document.hash() {
        return Some(format!("run {} applied other content under this id at {}", applied.run, applied.at));
    }
    (!applied.verified).then(|| format!("run {} applied it at {}, but it is not verified", applied.run, applied.at))
}

fn output(ensure: &Ensure, missing: Option<String>) -> CommandOutput {
    let (migration, table) = (&ensure.migration, &ensure.table);
    let text = match (&missing, ensure.stage.json) {
        (missing, true) => {
            let finished = missing.is_none();
            json!({"migration": migration, "table": table, "finished": finished, "missing": missing}).to_string()
        }
        (None, false) => format!("{migration} is applied to {table} and verified"),
        (Some(missing), false) => format!("{migration} is not finished on {table}: {missing}"),
    };
    let status = if missing.is_none() { RunStatus::Done } else { RunStatus::InProgress };
    CommandOutput { text: text + "\n", status: ExitStatus::Run(status) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_finished_only_if_this_content_is_applied_and_verified() {
        let document = Document::from_yaml("id: a\nchange: [{set: v, to: 2}]").unwrap();
        let applied = |hash: String, verified| Applied { run: "r".into(), hash, verified, ..Applied::default() };
        let missing = |applied: Option<Applied>| what_is_missing("a", &document, applied.as_ref());
        assert_eq!(missing(Some(applied(document.hash(), true))), None);
        assert!(missing(Some(applied(document.hash(), false))).unwrap().ends_with("but it is not verified"));
        assert!(missing(Some(applied("other".into(), true))).unwrap().contains("other content"));
        assert_eq!(missing(None).unwrap(), "it is not applied");
        assert!(what_is_missing("b", &document, None).unwrap().contains("another id, `a`"));
    }
}
