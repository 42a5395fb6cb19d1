//! Reads the migration and checks it against its table.

use serde_json::Value;
use tableshift_aws::s3::{ObjectError, ReadObject};
use tableshift_core::item::table::Table;
use tableshift_core::language::diagnostics::Review;
use tableshift_core::language::document::Document;
use tableshift_core::language::registry::{Registry, Runnable};
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Input;

use crate::Error;

/// Reads the document that the input names or contains. An id in the registry is a migration in Rust.
pub(crate) async fn read(bucket: &impl ReadObject, registry: &Registry, migration: &Value) -> Result<Document, Error> {
    let Value::String(id) = migration else {
        return Document::from_json(migration).map_err(|source| Error::Document { place: "the input".into(), source });
    };
    if let Some(document) = registry.document(id) {
        return Ok(document);
    }
    let key = keys::migration(id);
    let bytes = bucket.get(&key).await.map_err(|error| match error {
        ObjectError::Missing { .. } => Error::NoMigration { id: id.clone(), key: key.clone() },
        error => Error::Object(error),
    })?;
    let text = String::from_utf8_lossy(&bytes);
    if let Some(findings) = Review::of(&text, None).refusal(&text) {
        return Err(Error::HasErrors { key, findings });
    }
    let document = Document::from_yaml(&text).map_err(|source| Error::Document { place: key.clone(), source })?;
    match document.id == *id {
        true => Ok(document),
        false => Err(Error::OtherId { key, asked: id.clone(), found: document.id }),
    }
}

/// Compiles the document, and refuses it if it cannot be applied to this table.
pub(crate) fn compile(document: &Document, registry: &Registry, table: &Table) -> Result<(), Error> {
    let meaning = |source| Error::Meaning { id: document.id.clone(), source };
    Runnable::of(document, registry).map_err(meaning)?.check_keys(&table.keys).map_err(meaning)
}

/// If the input names a migration, refuses it unless it is the one that the run was planned with.
pub(crate) async fn refuse_changed(
    bucket: &impl ReadObject,
    registry: &Registry,
    plan: &RunPlan,
    input: &Input,
) -> Result<(), Error> {
    let Some(migration) = &input.migration else { return Ok(()) };
    let document = read(bucket, registry, migration).await?;
    match document.id == plan.migration.id && document.hash() == plan.migration_hash {
        true => Ok(()),
        false => Err(Error::MigrationChanged { run: plan.run.clone(), id: plan.migration.id.clone() }),
    }
}
