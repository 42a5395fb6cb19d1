//! Tests a migration on items of a real table and writes nothing. There are no expected results: each item must be
//! writable, and a second run must not change it again.

use super::verdict::{self, Judged, Problem};
use super::{json, show};
use crate::author::check;
use crate::author::fixture::{Case, plain};
use crate::author::migration::Loaded;
use crate::author::paint::{GREEN, RED, painted};
use crate::files::Source;
use crate::output::{CommandOutput, ExitStatus};
use tableshift_core::change::migration::Outcome;
use tableshift_core::change::table_rules::TableRules;
use tableshift_core::item::table::Table;
use tableshift_core::item::value::{Item, Value};

/// Judges the items of a table. `now` is the time that the table's time to live is compared with, in epoch seconds.
pub fn judge_all(loaded: &Loaded, table: &Table, items: Vec<Item>, now: i64, as_json: bool) -> CommandOutput {
    let cases: Vec<Case> = items.into_iter().map(|item| Case::real(named(table, &item), item)).collect();
    let rules = TableRules::of(table, now);
    let judged: Vec<Judged<'_>> = cases.iter().map(|case| judge(loaded, &rules, case)).collect();
    let fine = judged.iter().all(Judged::passed);
    let source = Source { name: table.name.clone(), text: String::new() };
    let text = match as_json {
        true => json::output(loaded, &source, &judged),
        false => {
            let items: String = judged.iter().map(|one| show::sample(loaded, one)).collect();
            check::warnings(&loaded.source, &loaded.review) + &items + &summary(&table.name, &judged)
        }
    };
    CommandOutput { text, status: ExitStatus::success_if(fine) }
}

fn judge<'c>(loaded: &Loaded, rules: &TableRules, case: &'c Case) -> Judged<'c> {
    let mut judged = verdict::judge_real(&loaded.migration, case);
    let broken = match &judged.trace.outcome {
        Outcome::Changed(change) => rules.broken_by(change),
        _ => None,
    };
    if let Some(reason) = broken {
        judged.trace.outcome = Outcome::Invalid(reason);
        judged.problem = Some(Problem::Unwritable);
    }
    judged
}

fn named(table: &Table, item: &Item) -> String {
    plain::flow(&Value::M(table.key_of(item)))
}

fn summary(table: &str, judged: &[Judged<'_>]) -> String {
    let count = |wanted: fn(&Outcome) -> bool| judged.iter().filter(|one| wanted(&one.trace.outcome)).count();
    let changed = count(|outcome| matches!(outcome, Outcome::Changed(_)));
    let invalid = count(|outcome| matches!(outcome, Outcome::Invalid(_)));
    let same = judged.len() - changed - invalid;
    let failed = judged.iter().filter(|one| !one.passed()).count();
    let style = if failed == 0 { GREEN } else { RED };
    let sum =
        format!("{} items read, {changed} would be changed, {same} would stay, {invalid} are invalid", judged.len());
    format!("{table}: {}\nNothing was written.\n", painted(style, &sum))
}
