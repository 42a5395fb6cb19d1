//! The ledger's record of a request for approval, and of the answer.
//!
//! The token and the secret of a question are in a separate item under another partition key. IAM can limit access by
//! partition key (`dynamodb:LeadingKeys`), and only approvers and the worker that asks may read that item.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use tableshift_core::approval::identity::Identity;

use crate::error::CallError;
use crate::ledger::table::{
    Ledger, LedgerError, LedgerItem, SK_APPROVAL, SK_SECRETS, SK_USED, key, malformed, pk_approval, pk_run,
    pk_signature, required, text,
};

/// A question, bound to exactly one plan and one report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Question {
    /// Identifies the question: the hash of its secret.
    pub id: String,
    /// When it was asked, ISO 8601.
    pub asked_at: String,
    /// Until when it may be answered, ISO 8601.
    pub expires_at: String,
    /// The hash of the plan that was asked about.
    pub plan_hash: String,
    /// The hash of the report that was asked about.
    pub report_hash: String,
}

/// The token and the secret that an answer to a question needs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets {
    /// The question's id.
    pub question: String,
    /// The task token that the answer goes to. Step Functions shows it in the execution's history as well, so it proves
    /// nothing about the person who uses it.
    pub token: String,
    /// Part of what an approver signs. It is stored only here: an answer contains the signature, but not the secret.
    pub secret: String,
}

/// Prints neither the token nor the secret.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Secrets").field("question", &self.question).finish_non_exhaustive()
    }
}

/// The outcome of a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An approval that counts.
    Approved,
    /// A rejection.
    Rejected,
    /// An answer that does not count.
    Refused,
    /// The question was not answered in time.
    Expired,
    /// An approval by a known approver that cannot be decided yet: CloudTrail may still deliver records of who started the
    /// run.
    Pending,
}

impl Outcome {
    const ALL: [Self; 5] = [Self::Approved, Self::Rejected, Self::Refused, Self::Expired, Self::Pending];

    /// The word for it, as the ledger keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Pending => PENDING,
        }
    }
}

/// How a question was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its outcome.
    pub outcome: Outcome,
    /// Who answered, according to STS; `None` if STS did not confirm it.
    pub by: Option<Identity>,
    /// Why: the approver's words, or what was wrong with the answer.
    pub reason: String,
    /// When, ISO 8601.
    pub answered_at: String,
    /// Identifies the answer's signature; empty if there was none.
    pub signature: String,
}

impl Answer {
    /// Whether this is the pending answer with this signature.
    pub fn is_pending_with(&self, signature: &str) -> bool {
        self.outcome == Outcome::Pending && self.signature == signature
    }
}

/// A question and, once given, its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approval {
    /// The question.
    pub question: Question,
    /// The answer.
    pub answer: Option<Answer>,
}

/// The outcome of recording an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is in the ledger.
    Now,
    /// The question already has an answer, or is another one by now.
    TooLate,
}

const PENDING: &str = "pending";

impl Ledger {
    /// Records a question with its secrets. It replaces an earlier question and its answer: each attempt of the task gets its
    /// own token from Step Functions, and only the latest token accepts an answer.
    pub async fn ask(&self, run: &str, question: &Question, secrets: &Secrets) -> Result<(), LedgerError> {
        let asked = [
            ("question", &question.id),
            ("asked_at", &question.asked_at),
            ("expires_at", &question.expires_at),
            ("plan_hash", &question.plan_hash),
            ("report_hash", &question.report_hash),
        ];
        let hidden = [("question", &secrets.question), ("token", &secrets.token), ("secret", &secrets.secret)];
        // Both or neither: a question whose secret is another one's could not be answered.
        let puts = [(pk_run(run), SK_APPROVAL, item(&asked)), (pk_approval(run), SK_SECRETS, item(&hidden))];
        let mut request = self.client.transact_write_items();
        for (pk, sk, mut item) in puts {
            item.extend(key(&pk, sk));
            let put = Put::builder().table_name(&self.table).set_item(Some(item)).build();
            let put = put.map_err(|error| {
                LedgerError::Call(CallError::refused("TransactWriteItems", self.named(&pk, sk), error))
            })?;
            request = request.transact_items(TransactWriteItem::builder().put(put).build());
        }
        let sent = request.send().await;
        let named = self.named(&pk_run(run), SK_APPROVAL);
        sent.map(drop).map_err(|error| LedgerError::Call(CallError::new("TransactWriteItems", named, error)))
    }

    /// The question of a run, with its answer if there is one; `None` if no question was asked.
    pub async fn approval(&self, run: &str) -> Result<Option<Approval>, LedgerError> {
        let item = self.read(&pk_run(run), SK_APPROVAL).await?;
        item.map(|item| approval(&item)).transpose()
    }

    /// The secrets of the question of a run.
    pub async fn secrets(&self, run: &str) -> Result<Option<Secrets>, LedgerError> {
        let Some(item) = self.read(&pk_approval(run), SK_SECRETS).await? else { return Ok(None) };
        Ok(Some(Secrets {
            question: required(&item, "question")?,
            token: required(&item, "token")?,
            secret: required(&item, "secret")?,
        }))
    }

    /// Records the answer to this question, which must be open: it has no answer yet, or this very answer is pending.
    pub async fn answer(&self, run: &str, question: &str, answer: &Answer) -> Result<Recorded, LedgerError> {
        let by = answer.by.as_ref();
        let values = [
            ("outcome", answer.outcome.as_str()),
            ("answered_by", by.map_or("", |by| &by.arn)),
            ("answered_by_id", by.map_or("", |by| &by.user_id)),
            ("answered_by_account", by.map_or("", |by| &by.account)),
            ("answered_because", &answer.reason),
            ("answered_at", &answer.answered_at),
            ("signature", &answer.signature),
        ];
        let sets = values.map(|(name, _)| format!("{name} = :{name}")).join(", ");
        let mut request = self.client.update_item().table_name(&self.table);
        for (name, value) in values {
            request = request.expression_attribute_values(format!(":{name}"), string(value));
        }
        let request = request
            .set_key(Some(key(&pk_run(run), SK_APPROVAL)))
            .update_expression(format!("SET {sets}"))
            .condition_expression(
                "question = :question AND (attribute_not_exists(outcome) OR (outcome = :pending AND signature = :signature))",
            )
            .expression_attribute_values(":pending", string(PENDING))
            .expression_attribute_values(":question", string(question));
        match self.took_effect("UpdateItem", run, request.send().await.map(drop))? {
            true => Ok(Recorded::Now),
            false => Ok(Recorded::TooLate),
        }
    }
}

impl Ledger {
    /// Notes that a signature is used for this purpose. False: it was used for another one before.
    pub async fn use_signature(&self, signature: &str, purpose: &str, at: &str) -> Result<bool, LedgerError> {
        let mut item = item(&[("purpose", purpose), ("at", at)]);
        item.extend(key(&pk_signature(signature), SK_USED));
        let request = self.client.put_item().table_name(&self.table).set_item(Some(item));
        // The same purpose once more is the same step, tried again.
        let request = request
            .condition_expression("attribute_not_exists(pk) OR purpose = :purpose")
            .expression_attribute_values(":purpose", string(purpose));
        self.took_effect("PutItem", purpose, request.send().await.map(drop))
    }
}

fn item<S: AsRef<str>>(values: &[(&str, S)]) -> LedgerItem {
    let values = values.iter().map(|(name, value)| ((*name).to_owned(), string(value.as_ref())));
    HashMap::from_iter(values)
}

fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn approval(item: &LedgerItem) -> Result<Approval, LedgerError> {
    let question = Question {
        id: required(item, "question")?,
        asked_at: required(item, "asked_at")?,
        expires_at: required(item, "expires_at")?,
        plan_hash: required(item, "plan_hash")?,
        report_hash: required(item, "report_hash")?,
    };
    let Some(word) = text(item, "outcome") else { return Ok(Approval { question, answer: None }) };
    let outcome = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == word);
    let answer = Answer {
        outcome: outcome.ok_or_else(|| malformed(item, "outcome"))?,
        by: text(item, "answered_by").filter(|arn| !arn.is_empty()).map(|arn| Identity {
            arn,
            user_id: text(item, "answered_by_id").unwrap_or_default(),
            account: text(item, "answered_by_account").unwrap_or_default(),
        }),
        reason: text(item, "answered_because").unwrap_or_default(),
        answered_at: text(item, "answered_at").unwrap_or_default(),
        signature: text(item, "signature").unwrap_or_default(),
    };
    Ok(Approval { question, answer: Some(answer) })
}
