//! The records of runs, and of the migrations that were applied to a table.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use tableshift_core::approval::rules::Requester;
use tableshift_core::approval::search::Search;

use crate::error::CallError;
use crate::ledger::requesters::{self, REQUESTERS, SEARCH};
use crate::ledger::table::{
    EPOCH, Ledger, LedgerError, LedgerItem, NOT_LATER, SK_RUN, key, malformed, number, pk_run, pk_table, required,
    sk_applied, text,
};

/// The record of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunRecord {
    /// The run's id.
    pub run: String,
    /// The name of the table.
    pub table: String,
    /// The migration's id.
    pub migration: String,
    /// The hash of the migration document.
    pub migration_hash: String,
    /// The hash of `plan.json`.
    pub plan_hash: String,
    /// What the run has reached: `planned`, `canary`, `baking`, `writing` or `rolled-back`.
    pub progress: String,
    /// `running`, `succeeded` or `failed`.
    pub status: String,
    /// When it started, ISO 8601.
    pub started: String,
    /// When it ended, ISO 8601; `None` while it runs.
    pub ended: Option<String>,
    /// The ARN of the execution that works on the run, or that did so last.
    pub execution: String,
    /// The fencing token of that execution. Workers with an older one cannot record a cause.
    pub epoch: u64,
    /// If it failed: the error name.
    pub error: Option<String>,
    /// If it failed: the message of the error. While it runs: that of the first worker that gave up.
    pub cause: Option<String>,
    /// The error name of the first worker that gave up.
    pub cause_name: Option<String>,
    /// The counts of the last phase, by name as in the report.
    pub counts: BTreeMap<String, u64>,
    /// Who started the run, and who resumed it.
    pub requesters: Vec<Requester>,
    /// How far CloudTrail has been searched for them.
    pub search: Search,
}

/// The end of a run, as Conclude records it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ending {
    /// `succeeded` or `failed`.
    pub status: String,
    /// When it ended, ISO 8601.
    pub ended: String,
    /// The error name; empty if it succeeded.
    pub error: String,
    /// The message of the error; empty if it succeeded.
    pub cause: String,
    /// The counts of the last phase, by name as in the report.
    pub counts: BTreeMap<String, u64>,
}

/// The record of a migration that was applied to a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The run that applied it.
    pub run: String,
    /// The hash of the migration document.
    pub hash: String,
    /// When that run ended, ISO 8601.
    pub at: String,
    /// The number of items that the run changed.
    pub changed: u64,
    /// Whether the last verification found every item as it should be.
    pub verified: bool,
    /// The migration document as JSON, to show the differences to another document with the same id. Empty in records of
    /// earlier versions.
    pub document: String,
}

impl Ledger {
    /// Writes the whole record, as Plan does at the start of a run and when it takes one up again.
    pub async fn put_run(&self, record: &RunRecord) -> Result<(), LedgerError> {
        self.put(&pk_run(&record.run), SK_RUN, run_item(record)).await
    }

    /// The record of a run; `None` if there is none.
    pub async fn run(&self, run: &str) -> Result<Option<RunRecord>, LedgerError> {
        let item = self.read(&pk_run(run), SK_RUN).await?;
        item.map(|item| run_record(run, &item)).transpose()
    }

    /// Records what the run has reached. False: that was recorded before.
    pub async fn set_progress(&self, run: &str, progress: &str) -> Result<bool, LedgerError> {
        let before = self.set(run, "SET #progress = :progress", &[("progress", string(progress))]).await?;
        Ok(text(&before, "progress").as_deref() != Some(progress))
    }

    /// Records why a worker with this fencing token gave up. The first cause stays: a Map state that fails stops its other
    /// children, whose errors are only a consequence. False: the run has a later token, or no record.
    pub async fn record_cause(&self, run: &str, epoch: u64, name: &str, cause: &str) -> Result<bool, LedgerError> {
        let expression = "SET #cause_name = if_not_exists(#cause_name, :cause_name), \
                          #cause = if_not_exists(#cause, :cause)";
        let values = [("cause_name", string(name)), ("cause", string(cause))];
        let update = named(self.update_run(run).update_expression(expression), &values);
        let update = update
            .condition_expression(format!("attribute_exists(pk) AND {NOT_LATER}"))
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }

    /// Replaces the requesters and the progress of the search for them.
    pub async fn put_requesters(
        &self,
        run: &str,
        requesters: &[Requester],
        search: &Search,
    ) -> Result<(), LedgerError> {
        let values = [(REQUESTERS, requesters::value(requesters)), (SEARCH, requesters::search_value(search))];
        self.set(run, "SET #requesters = :requesters, #search = :search", &values).await.map(drop)
    }

    /// Records the end of the run, if `execution` is the one that works on it. False: another execution does.
    pub async fn end_run(&self, run: &str, execution: &str, ending: &Ending) -> Result<bool, LedgerError> {
        let update = self.update_run(run).update_expression(
            "SET #status = :status, #ended = :ended, #error = :error, #cause = :cause, #counts = :counts",
        );
        let values = [
            ("status", string(&ending.status)),
            ("ended", string(&ending.ended)),
            ("error", string(&ending.error)),
            ("cause", string(&ending.cause)),
            ("counts", counts_value(&ending.counts)),
            ("execution", string(execution)),
        ];
        let update = named(update, &values).condition_expression("#execution = :execution");
        self.took_effect("UpdateItem", run, update.send().await.map(drop))
    }
}

impl Ledger {
    /// Records that a migration was applied to a table.
    pub async fn put_applied(&self, table: &str, migration: &str, applied: &Applied) -> Result<(), LedgerError> {
        let item = LedgerItem::from([
            ("run".to_owned(), string(&applied.run)),
            ("hash".to_owned(), string(&applied.hash)),
            ("at".to_owned(), string(&applied.at)),
            ("changed".to_owned(), AttributeValue::N(applied.changed.to_string())),
            ("verified".to_owned(), AttributeValue::Bool(applied.verified)),
            ("document".to_owned(), string(&applied.document)),
        ]);
        self.put(&pk_table(table), &sk_applied(migration), item).await
    }

    /// The record of a migration on a table; `None` if it is not applied.
    pub async fn applied(&self, table: &str, migration: &str) -> Result<Option<Applied>, LedgerError> {
        let item = self.read(&pk_table(table), &sk_applied(migration)).await?;
        item.as_ref().map(applied).transpose()
    }

    /// Records the result of the last verification, if the migration is applied with this hash.
    pub async fn set_verified(
        &self,
        table: &str,
        migration: &str,
        hash: &str,
        verified: bool,
    ) -> Result<(), LedgerError> {
        let (pk, sk) = (pk_table(table), sk_applied(migration));
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk, &sk)));
        let values = [("hash", string(hash)), ("verified", AttributeValue::Bool(verified))];
        let update = named(update.update_expression("SET #verified = :verified"), &values);
        // False: the migration is not applied, or with another content.
        self.took_effect("UpdateItem", table, update.condition_expression("#hash = :hash").send().await.map(drop))
            .map(drop)
    }

    /// Removes the record if `run` wrote it, after a roll-back.
    pub async fn remove_applied(&self, table: &str, migration: &str, run: &str) -> Result<(), LedgerError> {
        let (pk, sk) = (pk_table(table), sk_applied(migration));
        let request = self.client.delete_item().table_name(&self.table);
        let request = request
            .set_key(Some(key(&pk, &sk)))
            .condition_expression("attribute_not_exists(pk) OR #run = :run")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", string(run));
        // False: a later run applied the migration again, and its record stays.
        self.took_effect("DeleteItem", table, request.send().await.map(drop))?;
        Ok(())
    }
}

pub(crate) fn applied(item: &LedgerItem) -> Result<Applied, LedgerError> {
    Ok(Applied {
        run: required(item, "run")?,
        hash: required(item, "hash")?,
        at: required(item, "at")?,
        changed: number(item, "changed").ok_or_else(|| malformed(item, "changed"))?,
        verified: item.get("verified").and_then(|value| value.as_bool().ok()).copied().unwrap_or_default(),
        document: text(item, "document").unwrap_or_default(),
    })
}

impl Ledger {
    /// Writes an item, replacing what was there.
    pub(crate) async fn put(&self, pk: &str, sk: &str, mut item: LedgerItem) -> Result<(), LedgerError> {
        item.extend(key(pk, sk));
        let request = self.client.put_item().table_name(&self.table);
        let sent = request.set_item(Some(item)).send().await;
        sent.map_err(|error| LedgerError::Call(CallError::new("PutItem", self.named(pk, sk), error)))?;
        Ok(())
    }

    /// Updates the record of a run and returns the replaced attributes. An error if there is no record: an update would
    /// create an incomplete one.
    async fn set(
        &self,
        run: &str,
        expression: &str,
        values: &[(&str, AttributeValue)],
    ) -> Result<LedgerItem, LedgerError> {
        let update = named(self.update_run(run).update_expression(expression), values);
        let update = update.condition_expression("attribute_exists(pk)").return_values(ReturnValue::UpdatedOld);
        let sent = update.send().await;
        let sent = sent.map_err(|error| {
            LedgerError::Call(CallError::new("UpdateItem", self.named(&pk_run(run), SK_RUN), error))
        })?;
        Ok(sent.attributes.unwrap_or_default())
    }

    fn update_run(&self, run: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).set_key(Some(key(&pk_run(run), SK_RUN)))
    }
}

/// Adds placeholders for the names and values of these attributes: many of the names are reserved words.
fn named(mut update: UpdateItemFluentBuilder, values: &[(&str, AttributeValue)]) -> UpdateItemFluentBuilder {
    for (name, value) in values {
        update = update
            .expression_attribute_names(format!("#{name}"), *name)
            .expression_attribute_values(format!(":{name}"), value.clone());
    }
    update
}

fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn counts_value(counts: &BTreeMap<String, u64>) -> AttributeValue {
    let entries = counts.iter();
    let entries = entries.map(|(name, n)| (name.clone(), AttributeValue::N(n.to_string())));
    AttributeValue::M(entries.collect())
}

fn run_item(record: &RunRecord) -> LedgerItem {
    let texts = [
        ("table", Some(&record.table)),
        ("migration", Some(&record.migration)),
        ("migration_hash", Some(&record.migration_hash)),
        ("plan_hash", Some(&record.plan_hash)),
        ("progress", Some(&record.progress)),
        ("status", Some(&record.status)),
        ("started", Some(&record.started)),
        ("ended", record.ended.as_ref()),
        ("execution", Some(&record.execution)),
        ("error", record.error.as_ref()),
        ("cause", record.cause.as_ref()),
        ("cause_name", record.cause_name.as_ref()),
    ];
    let present = texts.into_iter();
    let present = present.filter_map(|(name, value)| Some((name.to_owned(), string(value?))));
    let mut item: LedgerItem = present.collect();
    item.insert("counts".to_owned(), counts_value(&record.counts));
    item.insert(EPOCH.to_owned(), AttributeValue::N(record.epoch.to_string()));
    item.insert(REQUESTERS.to_owned(), requesters::value(&record.requesters));
    item.insert(SEARCH.to_owned(), requesters::search_value(&record.search));
    item
}

fn run_record(run: &str, item: &LedgerItem) -> Result<RunRecord, LedgerError> {
    let counts = item.get("counts").and_then(|value| value.as_m().ok());
    let counts = counts.into_iter().flatten();
    Ok(RunRecord {
        run: run.to_owned(),
        table: required(item, "table")?,
        migration: required(item, "migration")?,
        migration_hash: required(item, "migration_hash")?,
        plan_hash: required(item, "plan_hash")?,
        progress: required(item, "progress")?,
        status: required(item, "status")?,
        started: required(item, "started")?,
        ended: text(item, "ended"),
        execution: required(item, "execution")?,
        epoch: number(item, EPOCH).unwrap_or_default(),
        error: text(item, "error"),
        cause: text(item, "cause"),
        cause_name: text(item, "cause_name"),
        counts: counts.filter_map(|(name, n)| Some((name.clone(), n.as_n().ok()?.parse().ok()?))).collect(),
        requesters: requesters::of(item),
        search: requesters::search_of(item),
    })
}
