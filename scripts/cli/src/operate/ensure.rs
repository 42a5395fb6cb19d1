//! `tableshift ensure-finished`: for the release that depends on the data.

use super::ended::Standing;
use super::stage::Target;
use super::{OperateError, block_on};
use crate::ending::Told;
use clap::Args;
use serde_json::json;
use std::path::Path;
use tableshift_aws::ledger::runs::Applied;
use tableshift_aws::s3::ReadObject as _;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;

/// Ends well only if a migration is applied to a table and verified, with the very content it has now
#[derive(Debug, Args)]
pub struct Ensure {
    /// The migration's id: its content is that of migrations/ID.yaml in the stage's bucket, unless --file is given
    migration: String,
    /// The table
    #[arg(long)]
    table: String,
    /// The migration's file on this machine, as the release has it
    #[arg(long)]
    file: Option<std::path::PathBuf>,
    #[command(flatten)]
    target: Target,
}

/// Asks the ledger. Exit code 0, or 9 with what is missing.
pub fn run(ensure: &Ensure) -> Result<Told, OperateError> {
    block_on(async {
        let stage = ensure.target.find().await?;
        let text = match &ensure.file {
            Some(path) => {
                crate::files::read(Path::new(path)).map(|source| source.text).map_err(|e| unread(ensure, e.into()))?
            }
            None => {
                let bytes = stage.clients.bucket().get(&keys::migration(&ensure.migration)).await;
                String::from_utf8_lossy(&bytes.map_err(|e| unread(ensure, e.into()))?).into_owned()
            }
        };
        let document = Document::from_yaml(&text).map_err(|error| unread(ensure, error.into()))?;
        let applied = stage.clients.ledger().applied(&ensure.table, &ensure.migration).await;
        let lacks = lacks(&ensure.migration, &document, applied.map_err(OperateError::Ledger)?.as_ref());
        Ok(told(ensure, lacks))
    })
}

fn unread(ensure: &Ensure, source: Box<dyn std::error::Error + Send + Sync>) -> OperateError {
    OperateError::Machine { what: format!("the content of migration `{}` cannot be read", ensure.migration), source }
}

/// What is missing; nothing if the migration is finished.
fn lacks(id: &str, document: &Document, applied: Option<&Applied>) -> Option<String> {
    if document.id != id {
        return Some(format!("the document has the id `{}`", document.id));
    }
    let Some(applied) = applied else { return Some("it is not applied".into()) };
    if applied.hash != document.hash() {
        return Some(format!("run {} applied other content under this id at {}", applied.run, applied.at));
    }
    (!applied.verified).then(|| format!("run {} applied it at {}, but it is not verified", applied.run, applied.at))
}

fn told(ensure: &Ensure, lacks: Option<String>) -> Told {
    let (migration, table) = (&ensure.migration, &ensure.table);
    let text = match (&lacks, ensure.target.json) {
        (lacks, true) => {
            json!({"migration": migration, "table": table, "finished": lacks.is_none(), "lacks": lacks}).to_string()
        }
        (None, false) => format!("{migration} is applied to {table} and verified"),
        (Some(lacks), false) => format!("{migration} is not finished on {table}: {lacks}"),
    };
    let standing = if lacks.is_none() { Standing::Done } else { Standing::UnderWay };
    Told { text: text + "\n", ending: standing.ending() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_content_applied_and_verified_is_finished() {
        let document = Document::from_yaml("id: a\nchange: [{set: v, to: 2}]").unwrap();
        let applied = |hash: String, verified| Applied { run: "r".into(), hash, verified, ..Applied::default() };
        let lacks = |applied: Option<Applied>| lacks("a", &document, applied.as_ref());
        assert_eq!(lacks(Some(applied(document.hash(), true))), None);
        assert!(lacks(Some(applied(document.hash(), false))).unwrap().ends_with("but it is not verified"));
        assert!(lacks(Some(applied("other".into(), true))).unwrap().contains("other content"));
        assert_eq!(lacks(None).unwrap(), "it is not applied");
        assert!(super::lacks("b", &document, None).unwrap().contains("the id `a`"));
    }
}
