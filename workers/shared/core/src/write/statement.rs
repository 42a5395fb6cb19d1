//! Changes as PartiQL statements for BatchExecuteStatement, which takes 25 conditional updates in one request.
//!
//! A statement is equivalent to the [`Update`](crate::write::update::Update) of its change. AWS does not document how PartiQL
//! compares maps, lists, sets, binary and null, and how it quotes some attribute names. Such changes have no statement and
//! go through UpdateItem. Source: DynamoDB developer guide, "PartiQL update statements for DynamoDB".

use crate::change::item_change::Change;
use crate::item::value::{Item, Value};
use crate::write::journal::Entry;

/// The most statements in one request. Source: DynamoDB API reference, BatchExecuteStatement.
pub const MAX_STATEMENTS: usize = 25;
/// The longest statement, in bytes. Source: DynamoDB API reference, BatchStatementRequest.
const MAX_STATEMENT_BYTES: usize = 8192;

/// One conditional UPDATE statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement<'c> {
    /// The statement, with a `?` for each parameter.
    pub text: String,
    /// The parameters in the order of their `?`.
    pub parameters: Vec<&'c Value>,
}

/// Whether AWS documents the PartiQL for a change, so that the change has a [`Statement`].
pub fn is_documented(key: &Item, change: &Change) -> bool {
    // Every touched attribute is also guarded.
    has_documented_guard(key, change.guard())
}

/// Whether AWS documents the PartiQL for restoring an entry, so that it has a [`Statement`].
pub fn is_restored_documented(entry: &Entry) -> bool {
    has_documented_guard(&entry.key, entry.guard())
}

fn has_documented_guard<'c>(key: &Item, guard: impl Iterator<Item = Attribute<'c>> + Clone) -> bool {
    let names = key.keys().chain(guard.clone().map(|(name, _)| name));
    let guarded = guard.filter(|(name, _)| !key.contains_key(*name));
    names.clone().all(|name| is_plain(name))
        && guarded.filter_map(|(_, value)| value).all(is_comparable)
        // Each name occurs at most twice, with a few characters around it.
        && names.map(|name| 2 * (name.len() + 16)).sum::<usize>() < MAX_STATEMENT_BYTES / 2
}

/// The name of an attribute and its value; `None`: the item does not have the attribute.
type Attribute<'c> = (&'c String, Option<&'c Value>);

impl<'c> Statement<'c> {
    /// The statement that applies a [documented](is_documented) change to the item with this key.
    pub fn of_change(table: &str, key: &'c Item, change: &'c Change) -> Self {
        Self::new(table, key, change.delta(), change.guard())
    }

    /// The statement that restores an entry's before-image, if it is [documented](is_restored_documented).
    pub fn that_restores(table: &str, entry: &'c Entry) -> Self {
        Self::new(table, &entry.key, entry.delta_back(), entry.guard())
    }

    fn new(
        table: &str,
        key: &'c Item,
        delta: impl Iterator<Item = Attribute<'c>> + Clone,
        guard: impl Iterator<Item = Attribute<'c>>,
    ) -> Self {
        let mut statement = Self { text: String::with_capacity(256), parameters: Vec::with_capacity(16) };
        statement.text.extend(["UPDATE \"", table, "\""]);
        for (name, value) in delta.clone().filter_map(|(name, value)| Some((name, value?))) {
            statement.push(" SET ", name, "=?", Some(value));
        }
        for (name, _) in delta.filter(|(_, value)| value.is_none()) {
            statement.push(" REMOVE ", name, "", None);
        }
        // UPDATE never creates an item, so a deleted item needs no condition of its own.
        for (index, (name, value)) in key.iter().enumerate() {
            statement.push(if index == 0 { " WHERE " } else { " AND " }, name, "=?", Some(value));
        }
        for (name, value) in guard.filter(|(name, _)| !key.contains_key(*name)) {
            let after = if value.is_some() { "=?" } else { " IS MISSING" };
            statement.push(" AND ", name, after, value);
        }
        statement
    }

    fn push(&mut self, before: &str, name: &str, after: &str, value: Option<&'c Value>) {
        self.text.extend([before, "\"", name, "\"", after]);
        self.parameters.extend(value);
    }
}

fn is_comparable(value: &Value) -> bool {
    matches!(value, Value::S(_) | Value::N(_) | Value::Bool(_))
}

fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::footprint::Footprint;
    use std::collections::BTreeSet;

    fn change(read: &str, changed: &str) -> Change {
        let names: BTreeSet<String> = ["a", "b", "c"].map(String::from).into();
        let item = |json: &str| serde_json::from_str::<Item>(json).unwrap();
        Change::between(&item(read), item(changed), &Footprint::new(names, [])).unwrap()
    }

    fn key() -> Item {
        Item::from([("pk".into(), Value::s("1")), ("sk".into(), Value::s("2"))])
    }

    #[test]
    fn a_statement_sets_removes_and_guards_like_an_update() {
        let change = change(r#"{"a":{"S":"x"},"b":{"BOOL":true}}"#, r#"{"a":{"S":"y"},"c":{"M":{}}}"#);
        let key = key();
        assert!(is_documented(&key, &change));
        let statement = Statement::of_change("t", &key, &change);
        assert_eq!(
            statement.text,
            "UPDATE \"t\" SET \"a\"=? SET \"c\"=? REMOVE \"b\" WHERE \"pk\"=? AND \"sk\"=? \
             AND \"a\"=? AND \"b\"=? AND \"c\" IS MISSING"
        );
        assert_eq!(statement.parameters.len(), 6);
    }

    #[test]
    fn a_statement_restores_what_a_change_replaced() {
        let entry = Entry::of(key(), &change(r#"{"a":{"S":"x"},"b":{"BOOL":true}}"#, r#"{"a":{"S":"y"}}"#), 0);
        assert!(is_restored_documented(&entry));
        let statement = Statement::that_restores("t", &entry);
        assert_eq!(
            statement.text,
            "UPDATE \"t\" SET \"a\"=? SET \"b\"=? WHERE \"pk\"=? AND \"sk\"=? AND \"a\"=? AND \"b\" IS MISSING \
             AND \"c\" IS MISSING"
        );
        let map = Entry::of(key(), &change("{}", r#"{"a":{"M":{}}}"#), 0);
        assert!(!is_restored_documented(&map), "AWS does not document how PartiQL compares maps");
    }

    #[test]
    fn a_change_without_documented_partiql_has_no_statement() {
        for guard in [r#"{"M":{}}"#, r#"{"L":[]}"#, r#"{"SS":["x"]}"#, r#"{"NULL":true}"#, r#"{"B":"AA=="}"#] {
            let change = change(&format!(r#"{{"a":{guard}}}"#), r#"{"a":{"S":"y"}}"#);
            assert!(!is_documented(&key(), &change), "{guard}");
        }
        let odd = Item::from([("p\"k".into(), Value::s("1"))]);
        let plain = change(r#"{"a":{"S":"x"}}"#, r#"{"a":{"S":"y"}}"#);
        assert!(!is_documented(&odd, &plain));
        assert!(is_documented(&key(), &plain));
    }
}
