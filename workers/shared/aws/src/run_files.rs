//! Reads and writes the files of a run in the stack's bucket, as the core's types.

use serde::Serialize;
use serde::de::DeserializeOwned;
use tableshift_core::ErrorName;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::write::counts::Finding;
use tableshift_core::write::journal::{self, JournalError, Record};

use crate::ledger::runs::RunRecord;
use crate::s3::{ObjectError, ReadObject, WriteObject};

/// Why a file of a run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RunFileError {
    /// There is no plan for a run with this name.
    #[error("run `{0}` has no plan; check the name, or start a new run")]
    NoRun(String),
    /// `plan.json` is not the plan that the ledger recorded when the run was planned.
    #[error(
        "plan.json of run `{run}` has changed since the run was planned: its hash was {expected} and is now {found}; \
         restore the version of it with the first hash"
    )]
    PlanChanged {
        /// The run's id.
        run: String,
        /// SHA-256 in the run's record.
        expected: String,
        /// SHA-256 of the plan now.
        found: String,
    },
    /// The object could not be read or written.
    #[error("a file of the run could not be read or written")]
    Object(#[source] ObjectError),
    /// The object does not have the content that belongs under its key.
    #[error("{key} is not in the expected format; check whether it was edited by hand")]
    Content {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A journal object is damaged.
    #[error("the journal object {key} is damaged")]
    Journal {
        /// The object's key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: JournalError,
    },
}

impl RunFileError {
    /// The error name that a worker reports.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::NoRun(_) => ErrorName::RunNotFound,
            Self::PlanChanged { .. } => ErrorName::MigrationChanged,
            Self::Object(error) => error.name(),
            Self::Content { .. } | Self::Journal { .. } => ErrorName::Internal,
        }
    }
}

/// Reads the plan of a run; [`RunFileError::NoRun`] if there is none.
pub async fn load_plan(bucket: &impl ReadObject, run: &str) -> Result<RunPlan, RunFileError> {
    let plan = load(bucket, &keys::plan(run)).await?;
    plan.ok_or_else(|| RunFileError::NoRun(run.to_owned()))
}

/// Reads the plan of the run with this record. Fails with [`RunFileError::PlanChanged`] if it is not the plan that was
/// recorded: whoever may write to the bucket could otherwise decide what a run writes, and where.
pub async fn load_recorded_plan(bucket: &impl ReadObject, record: &RunRecord) -> Result<RunPlan, RunFileError> {
    let plan = load_plan(bucket, &record.run).await?;
    let found = plan.hash();
    match found == record.plan_hash {
        true => Ok(plan),
        false => {
            let expected = record.plan_hash.clone();
            Err(RunFileError::PlanChanged { run: record.run.clone(), expected, found })
        }
    }
}

/// Reads the JSON object at `key`; `None` if there is none.
pub async fn load<T: DeserializeOwned>(bucket: &impl ReadObject, key: &str) -> Result<Option<T>, RunFileError> {
    let bytes = match bucket.get(key).await {
        Ok(bytes) => bytes,
        Err(ObjectError::Missing { .. }) => return Ok(None),
        Err(error) => return Err(RunFileError::Object(error)),
    };
    let content = serde_json::from_slice(&bytes);
    content.map(Some).map_err(|source| RunFileError::Content { key: key.to_owned(), source })
}

/// Writes a JSON object to `key`, replacing what was there.
pub async fn store<T: Serialize>(bucket: &impl WriteObject, key: &str, content: &T) -> Result<(), RunFileError> {
    let bytes = serde_json::to_vec(content).map_err(|source| RunFileError::Content { key: key.to_owned(), source })?;
    bucket.put(key, bytes, "application/json").await.map_err(RunFileError::Object)
}

/// Reads an object of JSON lines; empty lines are skipped.
pub async fn load_lines<T: DeserializeOwned>(bucket: &impl ReadObject, key: &str) -> Result<Vec<T>, RunFileError> {
    let bytes = bucket.get(key).await.map_err(RunFileError::Object)?;
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(serde_json::from_slice);
    lines.collect::<Result<_, _>>().map_err(|source| RunFileError::Content { key: key.to_owned(), source })
}

/// Reads and decodes a journal object.
pub async fn load_journal(bucket: &impl ReadObject, key: &str) -> Result<Vec<Record>, RunFileError> {
    let bytes = bucket.get(key).await.map_err(RunFileError::Object)?;
    journal::decode(&bytes).map_err(|source| RunFileError::Journal { key: key.to_owned(), source })
}

/// Writes an encoded journal object.
pub async fn store_journal(bucket: &impl WriteObject, key: &str, journal: Vec<u8>) -> Result<(), RunFileError> {
    bucket.put(key, journal, JSON_LINES).await.map_err(RunFileError::Object)
}

/// Writes the findings as JSON lines. Without findings it writes no object.
pub async fn store_findings(bucket: &impl WriteObject, key: &str, findings: &[Finding]) -> Result<(), RunFileError> {
    if findings.is_empty() {
        return Ok(());
    }
    let lines = findings.iter().map(|finding| serde_json::to_string(finding).expect("plain data serialises") + "\n");
    bucket.put(key, lines.collect::<String>().into_bytes(), JSON_LINES).await.map_err(RunFileError::Object)
}

const JSON_LINES: &str = "application/jsonl";
