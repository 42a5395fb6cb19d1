//! The answer as somebody sent it, before it is judged.

use serde::Deserialize;
use serde_json::Value;
use tableshift_core::item::hash;

/// What was sent with the task token. Anybody who has the token can send anything, so every field is optional and the
/// answer is judged whatever it contains.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SentAnswer {
    /// Whether the answer approves; otherwise it rejects.
    pub approve: bool,
    /// SHA-256 of the `report.json` that the answer is about.
    pub report_hash: String,
    /// Why, in the words of who answered.
    pub reason: String,
    /// A presigned URL: the signature of who answered, over the question and the answer.
    pub signature: String,
}

impl SentAnswer {
    /// Reads what was sent. A value of another shape becomes an answer without a signature.
    pub fn parse(answer: &Value) -> Self {
        Self::deserialize(answer).unwrap_or_default()
    }

    /// Identifies this answer.
    pub(crate) fn hash(&self) -> String {
        hash::of_bytes(self.signature.as_bytes())
    }

    pub(crate) fn reason_or_default(&self) -> String {
        if self.reason.is_empty() { "no reason given".to_owned() } else { self.reason.clone() }
    }
}
