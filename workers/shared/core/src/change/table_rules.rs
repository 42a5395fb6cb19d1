//! What a table requires of a changed item, whatever the migration says: size, depth, index keys and time to live.

use crate::change::invalid::Invalid;
use crate::change::item_change::Change;
use crate::item::table::Table;
use crate::item::value::{MAX_ITEM_BYTES, MAX_LEVELS, Value, levels};
use std::collections::BTreeMap;

/// The rules that a table sets for changed items. Each change is checked against them before it is written.
#[derive(Debug, Clone)]
pub struct TableRules {
    /// Index key attributes with the type that their index requires.
    index_keys: BTreeMap<String, String>,
    time_to_live: Option<String>,
    /// The time that counts as now, in epoch seconds. It is the same for every worker of a run.
    now: i64,
}

/// DynamoDB does not delete items whose time to live passed longer ago than this, in seconds.
/// Source: DynamoDB developer guide, "Using time to live (TTL)".
pub(crate) const FIVE_YEARS: f64 = 5.0 * 365.25 * 86_400.0;

impl TableRules {
    /// The rules of a table for a run that was planned at `now`, in epoch seconds.
    pub fn of(table: &Table, now: i64) -> Self {
        Self { index_keys: table.index_keys.clone(), time_to_live: table.time_to_live.clone(), now }
    }

    /// The first rule that the change would break, if any.
    pub fn broken_by(&self, change: &Change) -> Option<Invalid> {
        if change.bytes.1 > MAX_ITEM_BYTES {
            return Some(Invalid::TooLarge { bytes: change.bytes.1 });
        }
        let set = change.after().filter_map(|(name, value)| Some((name, value?)));
        let mut broken = set.filter_map(|(name, value)| {
            self.index_key(name, value).or_else(|| self.expiry(name, value)).or_else(|| too_deep(name, value))
        });
        broken.next()
    }

    fn index_key(&self, attribute: &str, value: &Value) -> Option<Invalid> {
        let wanted = self.index_keys.get(attribute)?;
        if value.type_name() != wanted {
            return Some(Invalid::IndexKeyType {
                attribute: attribute.into(),
                found: value.type_name().into(),
                wanted: wanted.clone(),
            });
        }
        let empty = match value {
            Value::S(text) => text.is_empty(),
            Value::B(bytes) => bytes.0.is_empty(),
            _ => false,
        };
        empty.then(|| Invalid::IndexKeyEmpty { attribute: attribute.into() })
    }

    /// DynamoDB deletes an item once its time to live, in epoch seconds, is in the past, but ignores times more than five
    /// years ago. Source: DynamoDB developer guide, "Using time to live (TTL)".
    fn expiry(&self, attribute: &str, value: &Value) -> Option<Invalid> {
        if self.time_to_live.as_deref() != Some(attribute) {
            return None;
        }
        let Value::N(text) = value else { return None };
        let at: f64 = text.parse().ok()?;
        let now = self.now as f64;
        (at < now && at > now - FIVE_YEARS).then(|| Invalid::ExpiresAtOnce { attribute: attribute.into() })
    }
}

fn too_deep(attribute: &str, value: &Value) -> Option<Invalid> {
    let levels = levels(value);
    (levels > MAX_LEVELS).then(|| Invalid::TooDeep { attribute: attribute.into(), levels })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::value::Binary;

    const NOW: i64 = 1_795_341_600;

    fn rules() -> TableRules {
        let index_keys = [("s", "S"), ("b", "B")].map(|(name, kind)| (name.to_owned(), kind.to_owned()));
        TableRules { index_keys: index_keys.into(), time_to_live: Some("ttl".into()), now: NOW }
    }

    #[test]
    fn the_key_of_an_index_has_its_type_and_is_not_empty() {
        let broken = |name, value| rules().index_key(name, &value);
        assert_eq!(broken("s", Value::s("x")), None);
        assert_eq!(broken("other", Value::s("")), None);
        assert!(matches!(broken("s", Value::N("1".into())), Some(Invalid::IndexKeyType { .. })));
        for (name, empty) in [("s", Value::s("")), ("b", Value::B(Binary(Vec::new())))] {
            assert_eq!(broken(name, empty), Some(Invalid::IndexKeyEmpty { attribute: name.into() }));
        }
    }

    #[test]
    fn an_item_whose_time_to_live_is_in_the_last_five_years_would_be_deleted_at_once() {
        const FIVE_YEARS: i64 = 157_788_000;
        let deleted = |at: i64| rules().expiry("ttl", &Value::N(at.to_string())).is_some();
        assert!(deleted(NOW - 1) && deleted(NOW - FIVE_YEARS + 1));
        assert!(!deleted(NOW) && !deleted(NOW - FIVE_YEARS));
        assert_eq!(rules().expiry("other", &Value::N((NOW - 1).to_string())), None);
    }
}
