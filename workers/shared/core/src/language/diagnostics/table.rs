//! What a migration does to the keys, the indexes and the time to live of its table.

use super::steps::StepView;
use crate::language::compile::error::{KEYS_STAY, touched_key};
use crate::language::finding::{Code, Finding};
use std::collections::BTreeMap;

/// What a review knows of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The table's name, for messages.
    pub name: String,
    /// The names of its key attributes, partition key first.
    pub keys: Vec<String>,
    /// The key attributes of its indexes, with the type that the index demands (`S`, `N` or `B`).
    pub index_keys: BTreeMap<String, String>,
    /// The attribute that its time to live reads.
    pub time_to_live: Option<String>,
}

/// Every step that touches what the table itself reads.
pub fn check(facts: &Facts, steps: &[StepView<'_>], findings: &mut Vec<Finding>) {
    for write in steps.iter().flat_map(|step| &step.writes) {
        let Some(root) = write.root() else { continue };
        let span = write.node.span.clone();
        if touched_key([root].into_iter(), &facts.keys).is_some() {
            let message = format!("`{root}` is a key attribute of {}, and {KEYS_STAY}", facts.name);
            let help = "copy the items to another table under new keys; the key of an index can be composed with `set`";
            findings.push(Finding::error(Code::TouchesKey, span, message).label("touches the key").help(help));
        } else if let Some(wanted) = facts.index_keys.get(root) {
            let message = format!("`{root}` is a key attribute of an index of {}", facts.name);
            let note = format!(
                "each change of it is written to the index too, at its own cost; an item where it is not of type {wanted}, or \
                 empty, is invalid"
            );
            findings
                .push(Finding::warning(Code::TouchesIndexKey, span, message).label("read by an index").because(note));
        } else if facts.time_to_live.as_deref() == Some(root) {
            let message = format!("`{root}` is the time to live of {}: DynamoDB deletes items by it", facts.name);
            let note = "an item whose time would be in the past is invalid; one without it never expires";
            findings.push(
                Finding::warning(Code::TouchesTimeToLive, span, message)
                    .label("decides when items are deleted")
                    .because(note),
            );
        }
    }
}
