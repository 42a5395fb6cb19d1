//! Signs the input of an execution, so that the run knows who started it.

use std::time::SystemTime;

use serde_json::Value;
use tableshift_core::approval::signature::Statement;

use crate::identity::signing::{Signer, SigningError};
use crate::session::executions::Run;

/// Adds the field `requested_by` to the input: a signature that is valid for this execution and this input only.
///
/// Call it right before the start. The signature is valid for 15 minutes. Each signature is different, so Step Functions treats
/// two starts with the same input as different ones.
pub async fn signed(signer: &Signer, execution: &Run, mut input: Value, at: SystemTime) -> Result<Value, SigningError> {
    let signature = signer.sign(&Statement::start(&execution.arn, &input), at).await?;
    if let Some(fields) = input.as_object_mut() {
        fields.insert("requested_by".to_owned(), Value::String(signature));
    }
    Ok(input)
}
