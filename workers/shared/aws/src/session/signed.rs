//! Starting in one's own name.

use std::time::SystemTime;

use serde_json::Value;
use tableshift_core::approval::signature::Statement;

use crate::identity::signing::{Signer, SigningError};
use crate::session::executions::Run;

/// The input of an execution with the proof of who starts it, for this execution and this input alone.
///
/// Sign right before the start: the proof counts for a quarter of an hour, and no two are alike, so Step Functions takes
/// the same start twice for two.
pub async fn signed(signer: &Signer, execution: &Run, mut input: Value, at: SystemTime) -> Result<Value, SigningError> {
    let signature = signer.sign(&Statement::start(&execution.arn, &input), at).await?;
    if let Some(fields) = input.as_object_mut() {
        fields.insert("requested_by".to_owned(), Value::String(signature));
    }
    Ok(input)
}
