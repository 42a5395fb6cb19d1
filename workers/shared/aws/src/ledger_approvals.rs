//! The ledger's record of a question put to a person, and of the answer.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::error::CallError;
use crate::ledger::{Ledger, LedgerError, LedgerItem, SK_APPROVAL, key, pk_run, required, text};

/// A question, bound to exactly one plan and one report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// The task token that the answer goes to. Whoever has it can answer, so it is kept here, where
    /// reading needs a permission, and in no message.
    pub token: String,
    /// When it was asked, ISO 8601.
    pub asked_at: String,
    /// Until when it may be answered, ISO 8601.
    pub expires_at: String,
    /// The hash of the plan that was asked about.
    pub plan_hash: String,
    /// The hash of the report that was asked about.
    pub report_hash: String,
}

/// What a person said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// Yes or no.
    pub approve: bool,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When, ISO 8601.
    pub answered_at: String,
}

/// A question and, once given, its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// The question.
    pub question: Question,
    /// The answer.
    pub answer: Option<Answer>,
}

/// What became of recording an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the ledger.
    Now,
    /// The question already has an answer, or is another one by now.
    TooLate,
}

/// Questions and answers.
pub trait Approvals {
    /// Records the question. Asking again replaces the earlier question and its answer: Step
    /// Functions gives every attempt a token of its own, and only the newest can be answered.
    async fn ask(&self, run: &str, question: &Question) -> Result<(), LedgerError>;
    /// The question of `run`, with its answer if there is one.
    async fn approval(&self, run: &str) -> Result<Option<Approval>, LedgerError>;
    /// Records the answer to the question about the report `report_hash`, which must be open.
    async fn answer(&self, run: &str, report_hash: &str, answer: &Answer) -> Result<Recorded, LedgerError>;
}

impl Approvals for Ledger {
    async fn ask(&self, run: &str, question: &Question) -> Result<(), LedgerError> {
        let texts = [
            ("token", &question.token),
            ("asked_at", &question.asked_at),
            ("expires_at", &question.expires_at),
            ("plan_hash", &question.plan_hash),
            ("report_hash", &question.report_hash),
        ];
        let texts = texts.into_iter();
        let item = texts.map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone())));
        self.put(&pk_run(run), SK_APPROVAL, item.collect()).await
    }

    async fn approval(&self, run: &str) -> Result<Option<Approval>, LedgerError> {
        let item = self.read(&pk_run(run), SK_APPROVAL).await?;
        item.map(|item| approval(&item)).transpose()
    }

    async fn answer(&self, run: &str, report_hash: &str, answer: &Answer) -> Result<Recorded, LedgerError> {
        let pk = pk_run(run);
        let request = self.client.update_item().table_name(&self.table);
        let request = request
            .set_key(Some(key(&pk, SK_APPROVAL)))
            .update_expression("SET #answer = :answer, #by = :by, #reason = :reason, answered_at = :at")
            .condition_expression("report_hash = :hash AND attribute_not_exists(#answer)")
            .expression_attribute_names("#answer", "answer")
            .expression_attribute_names("#by", "by")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":answer", AttributeValue::Bool(answer.approve))
            .expression_attribute_values(":by", AttributeValue::S(answer.by.clone()))
            .expression_attribute_values(":reason", AttributeValue::S(answer.reason.clone()))
            .expression_attribute_values(":at", AttributeValue::S(answer.answered_at.clone()))
            .expression_attribute_values(":hash", AttributeValue::S(report_hash.to_owned()));
        match request.send().await {
            Ok(_) => Ok(Recorded::Now),
            Err(error) => {
                let error = CallError::new("UpdateItem", self.named(&pk, SK_APPROVAL), error);
                if error.has_code("ConditionalCheckFailedException") {
                    return Ok(Recorded::TooLate);
                }
                Err(LedgerError::Call(error))
            }
        }
    }
}

fn approval(item: &LedgerItem) -> Result<Approval, LedgerError> {
    let question = Question {
        token: required(item, "token")?,
        asked_at: required(item, "asked_at")?,
        expires_at: required(item, "expires_at")?,
        plan_hash: required(item, "plan_hash")?,
        report_hash: required(item, "report_hash")?,
    };
    let said = item.get("answer").and_then(|value| value.as_bool().ok());
    let answer = said.map(|approve| Answer {
        approve: *approve,
        by: text(item, "by").unwrap_or_default(),
        reason: text(item, "reason").unwrap_or_default(),
        answered_at: text(item, "answered_at").unwrap_or_default(),
    });
    Ok(Approval { question, answer })
}
