//! Converts the requesters of a run, the identities that started its executions, and the search for them to and from its
//! record in the ledger.

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_core::approval::search::{Pass, Search};

use crate::ledger::table::{LedgerItem, number, text};

/// The attribute of the run's record.
pub(crate) const REQUESTERS: &str = "requesters";
/// The attribute with the progress of the search in CloudTrail.
pub(crate) const SEARCH: &str = "search";

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

/// A map of times in epoch seconds.
pub(crate) fn search_value(search: &Search) -> AttributeValue {
    let times = [("complete_until", Some(search.complete_until)), ("begun", search.pass.map(|pass| pass.begun))];
    let pass =
        [("until", search.pass.map(|pass| pass.until)), ("unread_until", search.pass.map(|pass| pass.unread_until))];
    let times = times.into_iter().chain(pass);
    AttributeValue::M(
        times.filter_map(|(name, at)| Some((name.to_owned(), AttributeValue::N(at?.to_string())))).collect(),
    )
}

/// The progress of the search; a record of an earlier version has none.
pub(crate) fn search_of(item: &LedgerItem) -> Search {
    let Some(times) = item.get(SEARCH).and_then(|value| value.as_m().ok()) else { return Search::default() };
    let pass = || {
        Some(Pass {
            begun: number(times, "begun")?,
            until: number(times, "until")?,
            unread_until: number(times, "unread_until")?,
        })
    };
    Search { complete_until: number(times, "complete_until").unwrap_or_default(), pass: pass() }
}

fn entry(requester: &Requester) -> LedgerItem {
    let mut entry = LedgerItem::from_iter([
        ("execution".to_owned(), string(&requester.execution)),
        ("started".to_owned(), string(&requester.started)),
        ("callers".to_owned(), AttributeValue::L(requester.callers.iter().map(identity_value).collect())),
    ]);
    entry.extend(requester.signer.as_ref().map(|signer| ("signer".to_owned(), identity_value(signer))));
    entry
}

fn requester(entry: &LedgerItem) -> Requester {
    let callers = entry.get("callers").and_then(|value| value.as_l().ok());
    Requester {
        execution: text(entry, "execution").unwrap_or_default(),
        started: text(entry, "started").unwrap_or_default(),
        signer: entry.get("signer").and_then(identity),
        callers: callers.into_iter().flatten().filter_map(identity).collect(),
    }
}

fn identity_value(identity: &Identity) -> AttributeValue {
    let Identity { arn, user_id, account } = identity;
    let parts = [("arn", arn), ("user_id", user_id), ("account", account)];
    AttributeValue::M(parts.into_iter().map(|(name, value)| (name.to_owned(), string(value))).collect())
}

fn identity(value: &AttributeValue) -> Option<Identity> {
    let parts = value.as_m().ok()?;
    Some(Identity { arn: text(parts, "arn")?, user_id: text(parts, "user_id")?, account: text(parts, "account")? })
}

fn string(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}
