//! A compiled document, which workers apply to items.

use crate::change::footprint::Footprint;
use crate::change::invalid::Invalid;
use crate::change::item_change::Change;
use crate::change::migration::{Migration, Outcome};
use crate::item::value::{Item, item_bytes};
pub use crate::language::compile::error::MeaningError;
use crate::language::compile::error::touched_key;
use crate::language::compile::fault::Fault;
use crate::language::compile::form;
pub use crate::language::compile::form::is_name;
use crate::language::compile::reading::{self, Reading};
use crate::language::compile::steps::{self, Action, Step, Watch};
use crate::language::document::Document;
use crate::language::document::field::Field;
use crate::language::expression::cel::Expression;
use crate::language::expression::scope::Scope;
use crate::language::finding::Code;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A compiled migration document.
#[derive(Debug, Clone)]
pub struct Compiled {
    id: String,
    rules: Vec<Rule>,
    footprint: Arc<Footprint>,
    /// The key attributes that expressions read as `key`.
    key_reads: BTreeSet<String>,
    /// The attributes that the `check` of any rule reads.
    check_reads: BTreeSet<String>,
}

/// A compiled rule: which items, which steps, what must hold after.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// The rule's number, from 1. None in a document without rules.
    pub(crate) number: Option<usize>,
    /// The rule's name, or its number. None in a document without rules.
    pub(crate) name: Option<String>,
    pub(crate) matches: Option<Expression>,
    pub(crate) check: Option<Expression>,
    pub(crate) steps: Vec<Step>,
}

impl Compiled {
    /// Checks a document and compiles it.
    pub fn of(document: &Document) -> Result<Self, MeaningError> {
        MeaningError::refuse(form::check(document))?;
        if document.code.is_some() {
            let fault =
                Fault::of_name("code", Code::Form, "this is a migration in Rust, which has no steps to compile");
            return Err(MeaningError::Faults(vec![fault.help("run it through the registry")]));
        }
        let (compiled, faults) = Self::examine(document);
        MeaningError::refuse(faults)?;
        Ok(compiled)
    }

    /// Compiles the rules of a document, and finds everything that is wrong with them. If a fault is an error, the result
    /// lacks the parts that have faults.
    pub(crate) fn examine(document: &Document) -> (Self, Vec<Fault>) {
        let mut reading = Reading::default();
        let written = reading::rules(document);
        reading.reach(&written);
        let rules: Vec<Rule> = written.into_iter().map(|rule| Rule::of(rule, &mut reading)).collect();
        let steps = || rules.iter().flat_map(Rule::all_steps);
        let touched: BTreeSet<String> = steps().flat_map(Step::touches).map(str::to_owned).collect();
        let read = rules.iter().flat_map(Rule::conditions).flat_map(|(_, e)| e.reads().iter().cloned());
        let footprint = Footprint::new(touched, read.chain(steps().flat_map(Step::reads)));
        let of_key = |(_, e): (_, &Expression)| e.key_reads().iter().cloned().collect::<Vec<_>>();
        let of_steps = steps().flat_map(Step::expressions).flat_map(of_key);
        let key_reads = rules.iter().flat_map(Rule::conditions).flat_map(of_key).chain(of_steps).collect();
        let checks = rules.iter().filter_map(|rule| rule.check.as_ref());
        let check_reads = checks.flat_map(|check| check.reads().iter().cloned()).collect();
        (Self { id: document.id.clone(), rules, footprint, key_reads, check_reads }, reading.faults)
    }

    /// Refuses a migration that touches a key attribute of its table, or reads one that the key does not have.
    pub fn check_keys(&self, keys: &[String]) -> Result<(), MeaningError> {
        let is_key = |name: &str| keys.iter().any(|key| key == name);
        for step in self.rules.iter().flat_map(Rule::all_steps) {
            if let Some(attribute) = touched_key(step.touches(), keys) {
                return Err(MeaningError::TouchesKey { field: step.field.clone(), attribute: attribute.into() });
            }
        }
        let of_steps = self.rules.iter().flat_map(Rule::all_steps).flat_map(Step::expressions);
        for (field, expression) in self.rules.iter().flat_map(Rule::conditions).chain(of_steps) {
            if let Some(attribute) = expression.key_reads().iter().find(|name| !is_key(name)) {
                return Err(MeaningError::NoKey { field, attribute: attribute.clone() });
            }
        }
        Ok(())
    }

    /// The rules, in order.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The first rule whose `where` is true for an item.
    fn rule_for(&self, item: &Item) -> Result<Option<&Rule>, Invalid> {
        for rule in &self.rules {
            if rule.matches(item).map_err(|reason| rule.invalid(reason))? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// The outcome for an item that no rule applies to: already done if a rule's `check` holds for it.
    fn unmatched(&self, item: &Item) -> Outcome {
        let done = self.rules.iter().any(|rule| rule.check.as_ref().is_some_and(|c| c.holds(item).unwrap_or(false)));
        if done { Outcome::AlreadyDone } else { Outcome::NotMatched }
    }

    /// The attributes of an item that expressions read as `key`. No step may touch them.
    fn key_of(&self, item: &Item) -> Item {
        picked(item, &self.key_reads)
    }

    /// Applies the steps of the rule that applies to an item. Calls `watch` after each step that was carried out, with the
    /// step's position and the guarded attributes after it. Stops at a step that fails. Returns the rule's name or
    /// number: None if no rule applies, or in a document without rules.
    pub fn watch_steps(&self, item: &Item, watch: &mut Watch<'_>) -> Option<&str> {
        let rule = self.rule_for(item).ok().flatten()?;
        let mut changed = picked(item, self.footprint.guarded());
        // The outcome of `apply` has the reason.
        let _ = apply(rule, &mut changed, item, watch);
        rule.name.as_deref()
    }

    /// The outcome of a rule's steps. `item` is the whole item or its guarded attributes, `key` is what expressions read as
    /// `key`, and `bytes` is the size of the whole item.
    fn change(&self, rule: &Rule, mut item: Item, key: &Item, bytes: usize) -> Result<Outcome, Invalid> {
        let before = self.footprint.before(&item);
        apply(rule, &mut item, key, &mut |_, _| ())?;
        let after = Scope { item: &item, key, element: None };
        let holds = rule.check.as_ref().map_or(Ok(true), |check| check.holds_in(&after));
        let Some(change) = Change::of(before, item, bytes, &self.footprint) else {
            return Ok(Outcome::AlreadyDone);
        };
        match holds.map_err(|e| Invalid::CheckFails(e.to_string()))? {
            true => Ok(Outcome::Changed(change)),
            false => Err(Invalid::Check),
        }
    }
}

/// The attributes of an item that have one of these names.
fn picked(item: &Item, names: &BTreeSet<String>) -> Item {
    names.iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone()))).collect()
}

fn apply(rule: &Rule, item: &mut Item, key: &Item, watch: &mut Watch<'_>) -> Result<(), Invalid> {
    steps::apply(&rule.steps, item, key, watch).map_err(|failed| {
        let numbers: Vec<String> = failed.field.steps.iter().map(usize::to_string).collect();
        Invalid::Step { step: numbers.join("."), reason: failed.reason }
    })
}

impl Rule {
    fn of(written: reading::Written<'_>, reading: &mut Reading) -> Self {
        let field = |name| Field::of(written.number, name);
        let name = written.name.map(str::to_owned).or_else(|| written.number.map(|number| number.to_string()));
        Self {
            number: written.number,
            name,
            matches: reading.condition(field("where"), written.matches),
            check: reading.condition(field("check"), written.check),
            steps: reading.steps(&field(""), written.change),
        }
    }

    fn matches(&self, item: &Item) -> Result<bool, Invalid> {
        let holds = self.matches.as_ref().map_or(Ok(true), |matches| matches.holds(item));
        holds.map_err(|error| Invalid::Where(error.to_string()))
    }

    fn invalid(&self, reason: Invalid) -> Invalid {
        match &self.name {
            Some(name) => Invalid::Rule { rule: name.clone(), reason: Box::new(reason) },
            None => reason,
        }
    }

    /// Whether a second run may change an item of this rule again: the steps change nothing that `where` reads, and a
    /// step sets a value that it computes from an attribute that the steps change, as in `item.n + 1`.
    pub(crate) fn may_repeat(&self) -> bool {
        let touched: BTreeSet<&str> = self.all_steps().flat_map(Step::touches).collect();
        let changes = |condition: &Expression| condition.reads().iter().any(|name| touched.contains(name.as_str()));
        let repeats = |step: &Step| {
            let is_set = matches!(step.action, Action::Set(..));
            is_set && step.action.computed().is_some_and(changes) && !step.when.as_ref().is_some_and(changes)
        };
        !self.matches.as_ref().is_some_and(changes) && self.steps.iter().any(repeats)
    }

    /// The steps and those within them.
    pub(crate) fn all_steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().flat_map(Step::all)
    }

    /// `where` and `check`, with their fields.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = (Field, &Expression)> {
        let field = |name| Field::of(self.number, name);
        let matches = self.matches.iter().map(move |expression| (field("where"), expression));
        matches.chain(self.check.iter().map(move |expression| (field("check"), expression)))
    }
}

impl Migration for Compiled {
    fn id(&self) -> &str {
        &self.id
    }

    fn apply(&self, item: &Item) -> Outcome {
        match self.rule_for(item) {
            Err(reason) => Outcome::Invalid(reason),
            Ok(None) => self.unmatched(item),
            // Steps read and write only guarded attributes, so nothing else is copied.
            Ok(Some(rule)) => {
                let guarded = picked(item, self.footprint.guarded());
                self.change(rule, guarded, &self.key_of(item), item_bytes(item))
                    .unwrap_or_else(|reason| Outcome::Invalid(rule.invalid(reason)))
            }
        }
    }

    fn consume(&self, item: Item) -> Outcome {
        match self.rule_for(&item) {
            Err(reason) => Outcome::Invalid(reason),
            Ok(None) => self.unmatched(&item),
            Ok(Some(rule)) => {
                let (key, bytes) = (self.key_of(&item), item_bytes(&item));
                self.change(rule, item, &key, bytes).unwrap_or_else(|reason| Outcome::Invalid(rule.invalid(reason)))
            }
        }
    }

    fn footprint(&self) -> &Arc<Footprint> {
        &self.footprint
    }

    /// An item does not show which rule changed it, so the `check` of any rule is enough.
    fn check(&self, item: &Item) -> bool {
        self.rules.iter().any(|rule| rule.check.as_ref().is_none_or(|check| check.holds(item).unwrap_or(false)))
    }

    fn check_reads(&self) -> &BTreeSet<String> {
        &self.check_reads
    }
}

#[cfg(test)]
mod tests;
