//! Whether a sample becomes what its file says.

use crate::author::fixture::{Case, Expected};
use crate::author::test::trace::{self, Trace};
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::item::difference::{self, Difference};
use tableshift_core::item::value::Item;
use tableshift_core::language::compile::compiled::Compiled;

/// A sample with its result.
#[derive(Debug)]
pub struct Judged<'c> {
    /// The sample.
    pub case: &'c Case,
    /// How the migration came to its outcome.
    pub trace: Trace,
    /// Why the sample fails, if it does.
    pub problem: Option<Problem>,
}

/// Why a sample fails.
#[derive(Debug, PartialEq)]
pub enum Problem {
    /// The file does not say what the item must become.
    NothingExpected,
    /// The item becomes another one: where what is expected and what was found differ.
    Differs(Vec<Difference>),
    /// The item should be invalid, for a reason with this text in it, and is not.
    NotInvalid(String),
    /// The item is invalid for another reason than this.
    OtherReason(String),
    /// The item is invalid and should not be.
    Invalid,
    /// An item of a real table is invalid.
    Unwritable,
    /// Applying the migration to the changed item changes it again: where.
    Twice(Vec<Difference>),
    /// Applying the migration to the changed item finds it invalid, for this reason.
    TwiceInvalid(String),
}

impl Judged<'_> {
    /// Whether the sample becomes what its file says.
    pub fn passed(&self) -> bool {
        self.problem.is_none()
    }
}

/// Applies a migration to a sample and compares.
pub fn judge<'c>(migration: &Compiled, case: &'c Case) -> Judged<'c> {
    let trace = Trace::of(migration, &case.before);
    let problem = problem(migration, case, &trace.outcome);
    Judged { case, trace, problem }
}

/// Applies a migration to an item of a real table, of which nothing is expected but that it is not invalid, and that a
/// second run leaves it alone.
pub fn judge_real<'c>(migration: &Compiled, case: &'c Case) -> Judged<'c> {
    let trace = Trace::of(migration, &case.before);
    let problem = match &trace.outcome {
        Outcome::Invalid(_) => Some(Problem::Unwritable),
        outcome => changes_twice(migration, &trace::after(&case.before, outcome)),
    };
    Judged { case, trace, problem }
}

/// The result of a migration for an item, in the notation of the sample file.
fn found(migration: &Compiled, item: &Item) -> Expected {
    match migration.apply(item) {
        Outcome::NotMatched | Outcome::AlreadyDone => Expected::Unchanged,
        Outcome::Invalid(reason) => Expected::Invalid(reason.to_string()),
        changed @ Outcome::Changed(_) => Expected::After(trace::after(item, &changed)),
    }
}

/// What the file is to say of a sample: the same as now where that holds, else what was found.
pub fn kept_or_found(migration: &Compiled, case: &Case) -> Expected {
    match (&case.expected, found(migration, &case.before)) {
        (Some(Expected::Invalid(wanted)), Expected::Invalid(reason)) if reason.contains(wanted.as_str()) => {
            Expected::Invalid(wanted.clone())
        }
        (Some(Expected::After(same)), Expected::Unchanged) if *same == case.before => Expected::After(same.clone()),
        (_, found) => found,
    }
}

fn problem(migration: &Compiled, case: &Case, outcome: &Outcome) -> Option<Problem> {
    let after = trace::after(&case.before, outcome);
    let wanted = match (&case.expected, outcome) {
        (None, _) => return Some(Problem::NothingExpected),
        (Some(Expected::Invalid(wanted)), Outcome::Invalid(reason)) => {
            let same = reason.to_string().contains(wanted.as_str());
            return (!same).then(|| Problem::OtherReason(wanted.clone()));
        }
        (Some(Expected::Invalid(wanted)), _) => return Some(Problem::NotInvalid(wanted.clone())),
        (_, Outcome::Invalid(_)) => return Some(Problem::Invalid),
        (Some(Expected::Unchanged), _) => &case.before,
        (Some(Expected::After(item)), _) => item,
    };
    let differences = difference::between(wanted, &after);
    if !differences.is_empty() {
        return Some(Problem::Differs(differences));
    }
    changes_twice(migration, &after)
}

/// What applying the migration once more would do.
fn changes_twice(migration: &Compiled, after: &Item) -> Option<Problem> {
    match migration.apply(after) {
        again @ Outcome::Changed(_) => Some(Problem::Twice(difference::between(after, &trace::after(after, &again)))),
        Outcome::Invalid(reason) => Some(Problem::TwiceInvalid(reason.to_string())),
        _ => None,
    }
}
