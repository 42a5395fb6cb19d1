//! The checkpoints: the cursor and the counts of each part, saved only by the attempt that has claimed the part.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal_object::Stored;
use tableshift_core::write::roll_back_place::RolledBack;

use crate::error::CallError;
use crate::ledger::table::{Ledger, LedgerError, LedgerItem, key, malformed, number, pk_run, sk_checkpoint_of, text};

/// How far a part of a phase got.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Checkpoint {
    /// Which attempt holds the part; grows by one each time a worker takes it up.
    pub attempt: u64,
    /// The lock's epoch under which that attempt works.
    pub epoch: u64,
    /// In whose wave of the run it works.
    pub wave: Wave,
    /// How many pages (or lines, or journal objects) are done.
    pub page: u64,
    /// The journal objects of the part, and which of them may have entries of items that are not counted.
    pub journal: Stored,
    /// How far the roll-back got with the journal; not used by the other phases.
    pub rolled_back: RolledBack,
    /// Where the next page begins; `None` at the start.
    pub cursor: Option<Item>,
    /// What was counted so far. Its examples are not kept here: the ledger holds no item values.
    pub tally: Tally,
    /// Whether the part is done.
    pub done: bool,
}

impl Ledger {
    /// Claims a part for a new attempt: no earlier attempt can save it any more. Returns the checkpoint of the attempt before,
    /// or an empty one. `None`: a run with a newer epoch has the part.
    pub async fn claim(
        &self,
        run: &str,
        phase: Phase,
        part: &str,
        epoch: u64,
    ) -> Result<Option<Checkpoint>, LedgerError> {
        let (pk, sk) = (pk_run(run), sk_checkpoint_of(phase.as_str(), part));
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk, &sk)));
        let update = update
            .update_expression("SET epoch = :epoch ADD attempt :one")
            .condition_expression("attribute_not_exists(epoch) OR epoch <= :epoch")
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_values(":one", AttributeValue::N("1".into()))
            .return_values(ReturnValue::AllOld);
        match update.send().await {
            Ok(claimed) => claimed.attributes.as_ref().map_or(Ok(Checkpoint::default()), checkpoint).map(Some),
            Err(error) => {
                let error = CallError::new("UpdateItem", self.named(&pk, &sk), error);
                if error.has_code("ConditionalCheckFailedException") { Ok(None) } else { Err(LedgerError::Call(error)) }
            }
        }
    }

    /// The checkpoint of a part; the default if no attempt has claimed it yet.
    pub async fn checkpoint(&self, run: &str, phase: Phase, part: &str) -> Result<Checkpoint, LedgerError> {
        let item = self.read(&pk_run(run), &sk_checkpoint_of(phase.as_str(), part)).await?;
        item.as_ref().map_or(Ok(Checkpoint::default()), checkpoint)
    }

    /// Which attempt has a part, and with which fencing token; zeros if none has claimed it.
    pub async fn holder(&self, run: &str, phase: Phase, part: &str) -> Result<(u64, u64), LedgerError> {
        let item = self.read(&pk_run(run), &sk_checkpoint_of(phase.as_str(), part)).await?.unwrap_or_default();
        Ok((number(&item, "attempt").unwrap_or_default(), number(&item, "epoch").unwrap_or_default()))
    }

    /// Saves the checkpoint of a part, if this attempt still has it. False: another attempt has claimed it.
    pub async fn save(
        &self,
        run: &str,
        phase: Phase,
        part: &str,
        checkpoint: &Checkpoint,
    ) -> Result<bool, LedgerError> {
        let (pk, sk) = (pk_run(run), sk_checkpoint_of(phase.as_str(), part));
        let mut item = key(&pk, &sk);
        item.insert("attempt".into(), AttributeValue::N(checkpoint.attempt.to_string()));
        item.insert("epoch".into(), AttributeValue::N(checkpoint.epoch.to_string()));
        item.insert("wave".into(), AttributeValue::S(checkpoint.wave.as_str().into()));
        item.insert("page".into(), AttributeValue::N(checkpoint.page.to_string()));
        item.insert("done".into(), AttributeValue::Bool(checkpoint.done));
        // Grows with every save, so that one that was long on its way cannot undo a later one.
        let saved = (u128::from(checkpoint.attempt) << 64) + u128::from(checkpoint.page);
        item.insert("saved".into(), AttributeValue::N(saved.to_string()));
        item.insert("tally".into(), AttributeValue::S(json(&without_examples(&checkpoint.tally))));
        if checkpoint.journal != Stored::default() {
            item.insert("journal".into(), AttributeValue::S(json(&checkpoint.journal)));
        }
        if checkpoint.rolled_back != RolledBack::default() {
            item.insert("rolled_back".into(), AttributeValue::S(json(&checkpoint.rolled_back)));
        }
        if let Some(cursor) = &checkpoint.cursor {
            item.insert("cursor".into(), AttributeValue::S(json(cursor)));
        }
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = put
            .condition_expression(
                "attempt = :attempt AND epoch = :epoch AND (attribute_not_exists(saved) OR saved <= :saved)",
            )
            .expression_attribute_values(":saved", AttributeValue::N(saved.to_string()))
            .expression_attribute_values(":attempt", AttributeValue::N(checkpoint.attempt.to_string()))
            .expression_attribute_values(":epoch", AttributeValue::N(checkpoint.epoch.to_string()));
        self.took_effect("PutItem", &sk, put.send().await.map(drop))
    }
}

fn without_examples(tally: &Tally) -> Tally {
    Tally { samples: Vec::new(), findings: Vec::new(), ..tally.clone() }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("plain data serialises")
}

pub(crate) fn checkpoint(item: &LedgerItem) -> Result<Checkpoint, LedgerError> {
    Ok(Checkpoint {
        // An item that was just made by the claim has neither yet.
        attempt: number(item, "attempt").unwrap_or_default(),
        epoch: number(item, "epoch").unwrap_or_default(),
        wave: text(item, "wave").as_deref().map(Wave::of).unwrap_or_default(),
        page: number(item, "page").unwrap_or_default(),
        journal: parsed(item, "journal")?.unwrap_or_default(),
        rolled_back: parsed(item, "rolled_back")?.unwrap_or_default(),
        cursor: parsed(item, "cursor")?,
        tally: parsed(item, "tally")?.unwrap_or_default(),
        done: item.get("done").and_then(|value| value.as_bool().ok()).copied().unwrap_or_default(),
    })
}

fn parsed<T: serde::de::DeserializeOwned>(
    item: &LedgerItem,
    attribute: &'static str,
) -> Result<Option<T>, LedgerError> {
    let parsed = text(item, attribute).map(|text| serde_json::from_str(&text));
    parsed.transpose().map_err(|_| malformed(item, attribute))
}
