//! What each step does to one item: which rule applies to it, and which step changed what.

use std::collections::BTreeSet;
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::field::Field;

/// How a migration reaches its outcome for one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Trace {
    /// The name or number of the rule that applies to the item. None in a document without rules.
    pub rule: Option<String>,
    /// Every step that was carried out, in order, with what it changed. A step that changed nothing is included.
    pub steps: Vec<Traced>,
    /// The outcome for the whole item.
    pub outcome: Outcome,
}

/// What one step changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Traced {
    /// The step's position in the document.
    pub field: Field,
    /// The top-level attributes that differ after it.
    pub changed: Vec<Attribute>,
}

/// One attribute before and after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value before the step. None if it was missing.
    pub before: Option<Value>,
    /// Its value after the step. None if it is missing.
    pub after: Option<Value>,
}

impl Trace {
    /// Applies a migration to an item, step by step.
    pub fn of(migration: &Compiled, item: &Item) -> Self {
        let outcome = migration.apply(item);
        let mut steps = Vec::new();
        let mut last: Item = item.clone();
        // Steps read and write only guarded attributes; the others stay as they are.
        last.retain(|name, _| migration.footprint().guarded().contains(name));
        let rule = migration.watch_steps(item, &mut |field, after| {
            steps.push(Traced { field: field.clone(), changed: attributes(&last, after) });
            last = after.clone();
        });
        Self { rule: rule.map(str::to_owned), steps, outcome }
    }
}

/// The item after an outcome: the item itself, with what the change sets and removes.
pub fn after(item: &Item, outcome: &Outcome) -> Item {
    match outcome {
        Outcome::Changed(change) => change.applied_to(item),
        _ => item.clone(),
    }
}

fn attributes(before: &Item, after: &Item) -> Vec<Attribute> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let differing = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let attribute = |name: &String| Attribute {
        name: name.clone(),
        before: before.get(name).cloned(),
        after: after.get(name).cloned(),
    };
    differing.map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::language::document::Document;

    #[test]
    fn each_step_is_named_with_what_it_changed() {
        let text = "id: x\nrules:\n  - name: orders\n    change:\n      - rename: {from: zip, to: code}\n      \
                    - increment_version: {from: 1, to: 2, change: [{remove: old}]}\n";
        let migration = Compiled::of(&Document::from_yaml(text).unwrap()).unwrap();
        let item = Item::from([
            ("pk".into(), Value::s("a")),
            ("zip".into(), Value::s("1")),
            ("version".into(), Value::n("1")),
            ("old".into(), Value::s("x")),
        ]);
        let trace = Trace::of(&migration, &item);
        assert_eq!(trace.rule.as_deref(), Some("orders"));
        let found: Vec<(String, Vec<&str>)> = trace
            .steps
            .iter()
            .map(|step| (step.field.to_string(), step.changed.iter().map(|one| one.name.as_str()).collect()))
            .collect();
        assert_eq!(
            found,
            [
                ("rule 1, step 1".to_owned(), vec!["code", "zip"]),
                ("rule 1, step 2.1".to_owned(), vec!["old"]),
                ("rule 1, step 2".to_owned(), vec!["version"])
            ]
        );
        let after = after(&item, &trace.outcome);
        assert_eq!(after.keys().collect::<Vec<_>>(), ["code", "pk", "version"]);
    }
}
