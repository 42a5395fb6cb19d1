//! Changes as UpdateItem requests: expression, condition, names and values.
//!
//! An update contains only the attributes that differ. Its condition requires that the item exists, so that a deleted item
//! is not created again, and that every guarded attribute is still as it was read, so that no write of the application is
//! lost.

use crate::change::item_change::Change;
use crate::item::value::Value;
use crate::write::journal::Entry;
use std::collections::BTreeMap;

/// One conditional UpdateItem, without table and key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Update {
    /// UpdateExpression.
    pub expression: String,
    /// ConditionExpression.
    pub condition: String,
    /// ExpressionAttributeNames: attribute names by placeholder.
    pub names: BTreeMap<String, String>,
    /// ExpressionAttributeValues: values by placeholder.
    pub values: BTreeMap<String, Value>,
}

impl Update {
    /// The update that applies a change, for a table with these key attributes.
    pub fn of_change(change: &Change, keys: &[String]) -> Self {
        Self::new(change.delta(), change.guard(), keys)
    }

    /// The update that restores an entry's before-image, on condition that every touched attribute is still as the run left
    /// it.
    pub fn that_restores(entry: &Entry, keys: &[String]) -> Self {
        Self::new(entry.delta_back(), entry.guard(), keys)
    }

    fn new<'c>(
        delta: impl Iterator<Item = (&'c String, Option<&'c Value>)>,
        guard: impl Iterator<Item = (&'c String, Option<&'c Value>)>,
        keys: &[String],
    ) -> Self {
        let mut update = Self::default();
        let (mut sets, mut removes) = (Vec::new(), Vec::new());
        for (name, value) in delta {
            let placeholder = update.name(name);
            match value {
                Some(value) => sets.push(format!("{placeholder} = {}", update.value(value))),
                None => removes.push(placeholder),
            }
        }
        update.expression = clauses(&sets, &removes);
        update.condition = update.conditions(guard, keys);
        update
    }

    fn conditions<'c>(
        &mut self,
        guard: impl Iterator<Item = (&'c String, Option<&'c Value>)>,
        keys: &[String],
    ) -> String {
        let exists = keys.first().map(|key| format!("attribute_exists({})", self.name(key)));
        let mut parts: Vec<String> = exists.into_iter().collect();
        // A key attribute cannot change, so it needs no condition.
        for (name, value) in guard.filter(|(name, _)| !keys.contains(name)) {
            let placeholder = self.name(name);
            parts.push(match value {
                Some(value) => format!("{placeholder} = {}", self.value(value)),
                None => format!("attribute_not_exists({placeholder})"),
            });
        }
        parts.join(" AND ")
    }

    fn name(&mut self, attribute: &str) -> String {
        if let Some((placeholder, _)) = self.names.iter().find(|(_, name)| *name == attribute) {
            return placeholder.clone();
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), attribute.to_owned());
        placeholder
    }

    fn value(&mut self, value: &Value) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value.clone());
        placeholder
    }
}

fn clauses(sets: &[String], removes: &[String]) -> String {
    let mut parts = Vec::new();
    if !sets.is_empty() {
        parts.push(format!("SET {}", sets.join(", ")));
    }
    if !removes.is_empty() {
        parts.push(format!("REMOVE {}", removes.join(", ")));
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::footprint::{Footprint, Image};
    use crate::item::value::Item;

    #[test]
    fn an_update_sets_what_differs_and_guards_what_was_read() {
        let read =
            Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s("x")), ("zip".into(), Value::s("z"))]);
        let mut changed = read.clone();
        changed.remove("zip");
        changed.insert("b".into(), Value::n("2"));
        let footprint = Footprint::new(["b", "zip", "a"].map(String::from).into(), ["pk".into()]);
        let change = Change::between(&read, changed, &footprint).unwrap();
        let update = Update::of_change(&change, &["pk".into()]);
        assert_eq!(update.expression, "SET #n0 = :v0 REMOVE #n1");
        assert_eq!(update.condition, "attribute_exists(#n2) AND #n3 = :v1 AND attribute_not_exists(#n0) AND #n1 = :v2");
        assert_eq!(update.names["#n2"], "pk");
        assert_eq!(update.values[":v2"], Value::s("z"));
    }

    #[test]
    fn an_item_is_only_restored_from_what_the_run_left() {
        let entry = Entry {
            key: Item::from([("pk".into(), Value::s("1"))]),
            before: Image::from([("a".into(), None), ("b".into(), Some(Value::n("1")))]),
            after: Image::from([("a".into(), Some(Value::n("9"))), ("b".into(), Some(Value::n("1")))]),
            read_at: 0,
        };
        let update = Update::that_restores(&entry, &["pk".into()]);
        assert_eq!(update.expression, "REMOVE #n0");
        assert_eq!(update.condition, "attribute_exists(#n1) AND #n0 = :v0 AND #n2 = :v1");
    }
}
