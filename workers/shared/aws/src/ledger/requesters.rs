//! Who started the executions of a run, in the ledger's record of the run.

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{KnownBy, Requester};

use crate::ledger::table::{LedgerItem, text};

/// The attribute of the run's record.
pub(crate) const REQUESTERS: &str = "requesters";

/// A list with one map for each execution.
pub(crate) fn value(requesters: &[Requester]) -> AttributeValue {
    AttributeValue::L(requesters.iter().map(|requester| AttributeValue::M(entry(requester))).collect())
}

/// The requesters of a run's record; none in a record of an earlier version.
pub(crate) fn of(item: &LedgerItem) -> Vec<Requester> {
    let list = item.get(REQUESTERS).and_then(|value| value.as_l().ok());
    let maps = list.into_iter().flatten().filter_map(|value| value.as_m().ok());
    maps.map(requester).collect()
}

fn entry(requester: &Requester) -> LedgerItem {
    let identity = requester.identity.as_ref();
    let texts = [
        ("execution", Some(requester.execution.as_str())),
        ("started", Some(requester.started.as_str())),
        ("known_by", Some(requester.known_by.as_str())),
        ("arn", identity.map(|identity| identity.arn.as_str())),
        ("user_id", identity.map(|identity| identity.user_id.as_str())),
        ("account", identity.map(|identity| identity.account.as_str())),
    ];
    let present = texts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    present.map(|(name, value)| (name, AttributeValue::S(value.to_owned()))).collect()
}

fn requester(entry: &LedgerItem) -> Requester {
    let identity = text(entry, "arn").map(|arn| Identity {
        arn,
        user_id: text(entry, "user_id").unwrap_or_default(),
        account: text(entry, "account").unwrap_or_default(),
    });
    Requester {
        execution: text(entry, "execution").unwrap_or_default(),
        started: text(entry, "started").unwrap_or_default(),
        identity,
        known_by: KnownBy::of(&text(entry, "known_by").unwrap_or_default()),
    }
}
