//! What can be said of a migration before it meets an item: whether it is idempotent, what undoes it, which conditions
//! are constant, and what it touches that its table depends on.
//!
//! A claim is made only where it can be shown. Where it cannot, the dry run looks, item by item.

use crate::item::path::Path;
use crate::item::table::Table;
use crate::item::value::Value;
use crate::language::compile::compiled::{Compiled, Rule};
use crate::language::compile::facts::Facts;
use crate::language::compile::foresight;
use crate::language::compile::steps::{Action, Step};
use crate::language::document::field::Field;
use crate::language::document::{Action as WrittenAction, Rename, Step as Written};

/// A condition that does not depend on the item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Constant {
    /// The condition: `where` or `when`.
    pub field: Field,
    /// What it always is.
    pub holds: bool,
}

/// An attribute that is touched and that the table itself reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableTouch {
    /// The step.
    pub field: Field,
    /// The attribute.
    pub attribute: String,
    /// What the table reads it for.
    pub role: TableRole,
}

/// What a table reads an attribute for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TableRole {
    /// It is a key attribute: it cannot be changed in place.
    Key,
    /// It is a key attribute of an index that demands this type (`S`, `N` or `B`): items move within the index.
    IndexKey(String),
    /// It is the time to live: items whose time is past are deleted.
    TimeToLive,
}

impl Compiled {
    /// Whether applying this migration to an item that it has changed surely changes nothing: each `where` is false
    /// after it, or every step finds its work done.
    pub fn is_shown_idempotent(&self) -> bool {
        let mut before = Some(Facts::default());
        for rule in self.rules() {
            let Some(facts) = before.clone() else { return true };
            let (matched, unmatched) = match &rule.matches {
                Some(matches) => (facts.clone().given(matches.root(), true), facts.given(matches.root(), false)),
                None => (Some(facts), None),
            };
            if matched.is_some_and(|facts| !self.is_settled(&foresight::after(&rule.steps, facts))) {
                return false;
            }
            before = unmatched;
        }
        true
    }

    /// Whether an item of which this is known is surely not changed.
    fn is_settled(&self, facts: &Facts) -> bool {
        for rule in self.rules() {
            let outcomes = rule.matches.as_ref().map(|matches| facts.outcomes(matches.root()));
            match outcomes {
                Some(outcomes) if outcomes.is_false() => {}
                Some(outcomes) if outcomes.errs => return false,
                outcomes => {
                    if !foresight::change_nothing(&rule.steps, facts) {
                        return false;
                    }
                    if outcomes.is_none_or(|outcomes| !outcomes.fails) {
                        return true;
                    }
                }
            }
        }
        true
    }

    /// The conditions that are always true, or never.
    pub fn constant_conditions(&self) -> Vec<Constant> {
        let wheres =
            self.rules().iter().filter_map(|rule| Some((Field::of(rule.number, "where"), rule.matches.as_ref()?)));
        let steps = self.rules().iter().flat_map(Rule::all_steps);
        let whens = steps.filter_map(|step| Some((step.field.named("when"), step.when.as_ref()?)));
        let constant = |(field, condition): (Field, &crate::language::expression::cel::Expression)| {
            let node = condition.root();
            let unknown = Facts::default();
            if unknown.clone().given(node, true).is_none() {
                return Some(Constant { field, holds: false });
            }
            let always = !unknown.outcomes(node).errs && unknown.given(node, false).is_none();
            always.then_some(Constant { field, holds: true })
        };
        wheres.chain(whens).filter_map(constant).collect()
    }

    /// The steps that undo this migration without its journal, if every step can be undone from what it leaves: nothing
    /// is removed or converted, and `where` says what was there before.
    pub fn inverse_steps(&self) -> Option<Vec<Written>> {
        let [rule] = self.rules() else { return None };
        let known = match &rule.matches {
            Some(matches) => Facts::default().given(matches.root(), true)?,
            None => Facts::default(),
        };
        inverse(&rule.steps, known)
    }

    /// The attributes that are touched and that the table itself reads.
    pub fn touches_of(&self, table: &Table) -> Vec<TableTouch> {
        let steps = self.rules().iter().flat_map(Rule::all_steps);
        let touches = steps.flat_map(|step| step.touches().map(|attribute| (step.field.clone(), attribute.to_owned())));
        let role = |attribute: &str| {
            if table.keys.iter().any(|key| key == attribute) {
                return Some(TableRole::Key);
            }
            let index = table.index_keys.get(attribute).map(|kind| TableRole::IndexKey(kind.clone()));
            index.or_else(|| (table.time_to_live.as_deref() == Some(attribute)).then_some(TableRole::TimeToLive))
        };
        touches
            .filter_map(|(field, attribute)| Some(TableTouch { role: role(&attribute)?, field, attribute }))
            .collect()
    }
}

fn inverse(steps: &[Step], mut known: Facts) -> Option<Vec<Written>> {
    let mut undo = Vec::new();
    for step in steps {
        if step.when.is_some() {
            return None;
        }
        // What undoes the last step comes first.
        undo.splice(0..0, inverse_of(&step.action, &known)?);
        known = foresight::after(std::slice::from_ref(step), known);
    }
    Some(undo)
}

fn inverse_of(action: &Action, known: &Facts) -> Option<Vec<Written>> {
    let presence = |path: &Path| path.is_root().then(|| known.of(path.root()).present).flatten();
    let remove = |path: &Path| written(WrittenAction::Remove(path.to_string()));
    match action {
        Action::Set(path, _) if presence(path) == Some(false) => Some(vec![remove(path)]),
        Action::Default(path, _) => match presence(path)? {
            true => Some(Vec::new()),
            false => Some(vec![remove(path)]),
        },
        Action::Rename { from, to, keep: false } | Action::Move(from, to) => match (presence(from)?, presence(to)) {
            (false, _) => Some(Vec::new()),
            (true, Some(false)) => {
                let back = Rename { from: to.to_string(), to: from.to_string(), keep: false };
                Some(vec![written(WrittenAction::Rename(back))])
            }
            _ => None,
        },
        Action::Rename { from, to, keep: true } | Action::Copy(from, to) => match (presence(from)?, presence(to)) {
            (false, _) => Some(Vec::new()),
            (true, Some(false)) => Some(vec![remove(to)]),
            _ => None,
        },
        Action::Increment { path, from, to: _, steps } => {
            let fact = known.of(path.root());
            if fact.value() != Some(from) {
                return None;
            }
            let undo = [set_back(path, from)?].into_iter();
            Some(undo.chain(inverse(steps, known.clone())?).collect())
        }
        Action::Set(path, _) | Action::MapValues { path, .. } if path.is_root() => {
            Some(vec![set_back(path, known.of(path.root()).value()?)?])
        }
        action => {
            let absent = action.written().iter().all(|path| presence(path) == Some(false));
            absent.then(Vec::new)
        }
    }
}

fn set_back(path: &Path, value: &Value) -> Option<Written> {
    let to = match value {
        Value::N(number) => serde_json::Value::String(format!("number('{number}')")),
        Value::Bool(b) => serde_json::Value::Bool(*b),
        Value::Null(_) => serde_json::Value::Null,
        Value::S(text) if !text.contains(['\'', '\\', '\n', '\r']) => serde_json::Value::String(format!("'{text}'")),
        _ => return None,
    };
    Some(written(WrittenAction::Set { path: path.to_string(), to }))
}

fn written(action: WrittenAction) -> Written {
    Written { when: None, action }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::document::Document;

    fn compiled(yaml: &str) -> Compiled {
        Compiled::of(&Document::from_yaml(&format!("id: x\n{yaml}")).unwrap()).unwrap()
    }

    #[test]
    fn a_migration_whose_where_is_false_after_it_is_shown_to_be_idempotent() {
        for yaml in [
            "where: has(item.a) && !has(item.b)\nchange: [{set: b, to: item.a}]",
            "where: '!has(item.version)'\nchange: [{rename: {from: tz, to: zone}}, {set: version, to: 2}]",
            "where: item.version == 1\nchange: [{set: version, to: 2}]",
            "where: item.version < 2\nchange: [{set: version, to: 2}]",
            "where: has(item.a)\nchange: [{rename: {from: a, to: b}}]",
            "where: has(item.price) && type(item.price) == 'S'\nchange: [{convert: {path: price, to: number}}]",
            "where: item.s in ['OPEN', 'DONE']\nchange: [{map_values: {path: s, values: {OPEN: active, DONE: closed}}}]",
            "where: item.s == 'x'\nchange: [{set: s, to: \"'y'\"}]",
            "where: item.on\nchange: [{set: 'on', to: false}]",
            "rules: [{where: item.t == 'a' && has(item.a), change: [{remove: a}]}, {where: item.t == 'b' && !has(item.b), change: [{set: b, to: 1}]}]",
        ] {
            assert!(compiled(yaml).is_shown_idempotent(), "{yaml}");
        }
    }

    #[test]
    fn steps_that_find_their_work_done_need_no_where() {
        for yaml in [
            "change: [{default: tags, to: []}]",
            "change: [{remove: a}, {default: b, to: 1}]",
            "change: [{set: a, to: 1}]",
            "where: item.version < 3\nchange: [{increment_version: {from: 1, to: 2, change: [{set: a, to: 1}]}}, {increment_version: {from: 2, to: 3}}]",
            "change: [{when: '!has(item.a)', set: a, to: sha256(item.b)}]",
        ] {
            assert!(compiled(yaml).is_shown_idempotent(), "{yaml}");
        }
    }

    #[test]
    fn what_cannot_be_shown_is_not_claimed() {
        for yaml in [
            "change: [{set: n, to: item.n + 1}]",
            "where: has(item.a)\nchange: [{set: b, to: item.a}]",
            "where: has(item.a)\nchange: [{rename: {from: a, to: b}}, {rename: {from: b, to: a}}]",
            "where: item.l.exists(x, x == 1)\nchange: [{remove: 'l[0]'}]",
            // The second rule may be for what the first one leaves.
            "rules: [{where: has(item.a), change: [{remove: a}]}, {where: '!has(item.b)', change: [{set: b, to: 1}]}]",
            "change: [{convert: {path: a, to: iso_time}}]",
            "change: [{map_values: {path: s, values: {a: b, b: c}}}]",
            "rules: [{where: has(item.a), change: [{rename: {from: a, to: b}}]}, {where: has(item.b), change: [{set: c, to: item.b}]}]",
        ] {
            assert!(!compiled(yaml).is_shown_idempotent(), "{yaml}");
        }
    }

    #[test]
    fn conditions_that_are_constant_are_found() {
        let constant = |condition: &str| {
            let found = compiled(&format!("where: {condition}\nchange: [{{remove: a}}]")).constant_conditions();
            found.first().map(|constant| constant.holds)
        };
        assert_eq!(constant("'true'"), Some(true));
        assert_eq!(constant("has(item.a) || !has(item.a)"), Some(true));
        assert_eq!(constant("has(item.a) && !has(item.a)"), Some(false));
        assert_eq!(constant("item.v == 1 && item.v == 2"), Some(false));
        assert_eq!(constant("item.v == 1 && item.v > 5"), Some(false));
        assert_eq!(constant("item.v == 1 || item.v != 1"), None);
        assert_eq!(constant("has(item.a)"), None);
        let when = compiled("change: [{when: 'false', remove: a}]").constant_conditions();
        assert_eq!(when[0].field.to_string(), "step 1: when");
    }

    #[test]
    fn what_undoes_a_migration_is_known_where_nothing_is_lost() {
        let undo = |yaml: &str| compiled(yaml).inverse_steps().map(|steps| serde_json::to_string(&steps).unwrap());
        assert_eq!(
        undo("where: has(item.a) && !has(item.b) && item.version == 1\nchange: [{rename: {from: a, to: b}}, {set: version, to: 2}]").unwrap(),
        r#"[{"set":"version","to":"number('1')"},{"rename":{"from":"b","to":"a"}}]"#
    );
        assert_eq!(undo("where: '!has(item.b)'\nchange: [{set: b, to: 1}]").unwrap(), r#"[{"remove":"b"}]"#);
        assert_eq!(undo("where: has(item.a)\nchange: [{rename: {from: a, to: b}}]"), None);
        assert_eq!(undo("where: has(item.a)\nchange: [{remove: a}]"), None);
        assert_eq!(undo("change: [{convert: {path: a, to: number}}]"), None);
    }

    #[test]
    fn what_the_table_reads_itself_is_told() {
        let table: Table = serde_json::from_value(serde_json::json!({
        "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {"gsi": "S"}, "items": 0, "bytes": 0,
        "time_to_live": "expires", "point_in_time_recovery": true, "replicas": 0, "indexes": 1, "stream": false
    }))
    .unwrap();
        let touches = compiled("change: [{set: gsi, to: 1}, {remove: expires}, {set: pk.x, to: 1}, {remove: other}]")
            .touches_of(&table);
        let told: Vec<String> = touches.iter().map(|t| format!("{} {} {:?}", t.field, t.attribute, t.role)).collect();
        assert_eq!(told, ["step 1 gsi IndexKey(\"S\")", "step 2 expires TimeToLive", "step 3 pk Key"]);
    }
}
