//! A document with its expressions compiled and its paths parsed: what workers apply.

use crate::change::footprint::Footprint;
use crate::change::invalid::Invalid;
use crate::change::item_change::Change;
use crate::change::migration::{Migration, Outcome};
use crate::item::value::{Item, item_bytes};
pub use crate::language::compile::error::MeaningError;
use crate::language::compile::reading;
use crate::language::compile::steps::{self, Action, Step, Watch};
use crate::language::document::Document;
use crate::language::document::field::Field;
use crate::language::document::requires::Requirement;
use crate::language::expression::cel::Expression;
use crate::language::expression::scope::Scope;
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
}

/// A rule: which items, what to change, what must hold after.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    /// Its number, from 1; none if the document is a single rule itself.
    pub(crate) number: Option<usize>,
    /// Its name, or its number; none if the document is a single rule itself.
    pub(crate) name: Option<String>,
    pub(crate) matches: Option<Expression>,
    pub(crate) check: Option<Expression>,
    pub(crate) steps: Vec<Step>,
}

impl Compiled {
    /// Checks a document's meaning and compiles it.
    pub fn of(document: &Document) -> Result<Self, MeaningError> {
        if !is_name(&document.id) {
            return Err(MeaningError::Id(document.id.clone()));
        }
        Requirement::of(document).map_err(MeaningError::Requirement)?;
        let rules = reading::rules(document)?.into_iter().map(Rule::of).collect::<Result<Vec<_>, _>>()?;
        let steps = || rules.iter().flat_map(Rule::all_steps);
        let touched: BTreeSet<String> = steps().flat_map(Step::touches).map(str::to_owned).collect();
        let read = rules.iter().flat_map(Rule::conditions).flat_map(|(_, e)| e.reads().iter().cloned());
        let footprint = Footprint::new(touched, read.chain(steps().flat_map(Step::reads)));
        let of_key = |(_, e): (_, &Expression)| e.key_reads().iter().cloned().collect::<Vec<_>>();
        let of_steps = steps().flat_map(Step::expressions).flat_map(of_key);
        let key_reads = rules.iter().flat_map(Rule::conditions).flat_map(of_key).chain(of_steps).collect();
        Ok(Self { id: document.id.clone(), rules, footprint, key_reads })
    }

    /// Refuses a migration that touches a key attribute of its table, or reads one that the key does not have.
    pub fn check_keys(&self, keys: &[String]) -> Result<(), MeaningError> {
        let is_key = |name: &str| keys.iter().any(|key| key == name);
        for step in self.rules.iter().flat_map(Rule::all_steps) {
            if let Some(attribute) = step.touches().find(|root| is_key(root)) {
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

    /// The rule for an item, if there is one.
    fn rule_for(&self, item: &Item) -> Result<Option<&Rule>, Invalid> {
        for rule in &self.rules {
            if rule.matches(item).map_err(|reason| rule.invalid(reason))? {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// Some attributes of an item that no rule is for: whether they are as a rule would have left them.
    fn unmatched(&self, item: &Item) -> Outcome {
        let done = self.rules.iter().any(|rule| rule.check.as_ref().is_some_and(|c| c.holds(item).unwrap_or(false)));
        if done { Outcome::AlreadyDone } else { Outcome::NotMatched }
    }

    /// The attributes of an item that expressions read as `key`: no step may touch them.
    fn key_of(&self, item: &Item) -> Item {
        picked(item, &self.key_reads)
    }

    /// Applies the steps of the rule that an item belongs to. Calls `watch` after each step that was carried out, with the
    /// step's field and the guarded attributes as they are then. Stops at a step that fails. Returns the rule's name, or
    /// its number; none if no rule is for the item, or if the document has no rules.
    pub fn watch_steps(&self, item: &Item, watch: &mut Watch<'_>) -> Option<&str> {
        let rule = self.rule_for(item).ok().flatten()?;
        let mut changed = picked(item, self.footprint.guarded());
        // The outcome of `apply` has the reason.
        let _ = apply(rule, &mut changed, item, watch);
        rule.name.as_deref()
    }

    /// What a rule makes of an item, given all of it or its guarded attributes, what expressions
    /// read as `key`, and the size of all of it in bytes.
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

/// Some attributes of an item.
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
    fn of(written: reading::Written<'_>) -> Result<Self, MeaningError> {
        let field = |name| Field::of(written.number, name);
        let name = written.name.map(str::to_owned).or_else(|| written.number.map(|number| number.to_string()));
        Ok(Self {
            number: written.number,
            name,
            matches: reading::condition(field("where"), written.matches)?,
            check: reading::condition(field("check"), written.check)?,
            steps: reading::steps(&field(""), written.change)?,
        })
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
            // Steps read and write guarded attributes only, so only these are copied.
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

    /// Which rule an item was changed by does not show in it: any rule's `check` will do.
    fn check(&self, item: &Item) -> bool {
        self.rules.iter().any(|rule| rule.check.as_ref().is_none_or(|check| check.holds(item).unwrap_or(false)))
    }
}

/// Whether a text can name a file, an S3 key's part and a ledger entry.
pub fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=80).contains(&text.len()) && text.chars().all(legal) && !text.chars().all(|c| c == '.')
}

#[cfg(test)]
mod tests;
