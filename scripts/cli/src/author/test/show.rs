//! The results of the samples, for people: green and red, before and after, step by step.

use super::verdict::{Judged, Problem};
use crate::author::fixture::plain;
use crate::author::migration::Loaded;
use crate::author::paint::{BOLD, DIM, GREEN, RED, YELLOW, painted};
use crate::author::test::trace::{Trace, Traced};
use tableshift_core::change::migration::Outcome;
use tableshift_core::item::difference::{self, Difference};
use tableshift_core::item::value::{Item, Value};

/// Every sample, and the sum.
pub fn judged(loaded: &Loaded, name: &str, judged: &[Judged<'_>]) -> String {
    let mut text: String = judged.iter().map(|one| sample(loaded, one)).collect();
    let failed = judged.iter().filter(|one| !one.passed()).count();
    text += &match (judged.len(), failed) {
        (0, _) => format!("{name}: {}\n", painted(RED, "it contains no samples")),
        (1, 0) => format!("{name}: {}\n", painted(GREEN, "1 sample, as expected")),
        (count, 0) => format!("{name}: {}\n", painted(GREEN, &format!("{count} samples, all as expected"))),
        (count, failed) => format!("{name}: {}\n", painted(RED, &format!("{failed} of {count} samples failed"))),
    };
    text
}

/// One sample with its result.
pub fn sample(loaded: &Loaded, judged: &Judged<'_>) -> String {
    let (mark, style) = if judged.passed() { ("✓", GREEN) } else { ("✗", RED) };
    let name = painted(BOLD, &judged.case.name);
    let mut text = format!("{} {name}: {}\n", painted(style, mark), outcome(&judged.trace));
    text += &steps(loaded, &judged.trace);
    if let Some(problem) = &judged.problem {
        text += &failure(problem);
    }
    text + "\n"
}

/// What a migration came to, in a few words.
pub fn outcome(trace: &Trace) -> String {
    let rule = trace.rule.as_ref().map(|rule| format!(" by rule {rule}")).unwrap_or_default();
    match &trace.outcome {
        Outcome::NotMatched => "unchanged, because `where` is false for it".into(),
        Outcome::AlreadyDone => "unchanged, because it is done already".into(),
        Outcome::Changed(_) => format!("changed{rule}"),
        Outcome::Invalid(reason) => format!("invalid: {reason}"),
    }
}

/// Each step that changed something, with what.
pub fn steps(loaded: &Loaded, trace: &Trace) -> String {
    trace.steps.iter().filter(|step| !step.changed.is_empty()).map(|step| one_step(loaded, step)).collect()
}

fn one_step(loaded: &Loaded, step: &Traced) -> String {
    let side = |pick: fn(&crate::author::test::trace::Attribute) -> Option<&Value>| -> Item {
        step.changed.iter().filter_map(|one| Some((one.name.clone(), pick(one)?.clone()))).collect()
    };
    let (before, after) = (side(|one| one.before.as_ref()), side(|one| one.after.as_ref()));
    let brief = loaded.brief(&step.field).map(|brief| format!(": {brief}")).unwrap_or_default();
    let head = painted(DIM, &format!("{}{brief}", step.field));
    let lines = differences(&difference::between(&before, &after), "    ");
    format!("  {head}\n{lines}")
}

/// Differences as lines: what goes in red, what comes in green.
pub fn differences(differences: &[Difference], indent: &str) -> String {
    let width = differences.iter().map(|one| one.path.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for one in differences {
        let mut line = |style, sign: &str, value: &Value| {
            let line = format!("{sign} {:width$}  {}", one.path, plain::flow(value));
            text += &format!("{indent}{}\n", painted(style, &line));
        };
        one.before.iter().for_each(|value| line(RED, "-", value));
        one.after.iter().for_each(|value| line(GREEN, "+", value));
    }
    text
}

fn failure(problem: &Problem) -> String {
    let (said, lines) = match problem {
        Problem::NothingExpected => ("the file has no expected result; --update fills in `after`".to_owned(), &[][..]),
        Problem::Differs(found) => ("the result differs (- expected, + found)".to_owned(), found.as_slice()),
        Problem::NotInvalid(wanted) => {
            (format!("it should be invalid, and the reason should contain `{wanted}`"), &[][..])
        }
        Problem::OtherReason(wanted) => (format!("the reason should contain `{wanted}`"), &[][..]),
        Problem::Invalid => ("it should not be invalid".to_owned(), &[][..]),
        Problem::Unwritable => (
            "a run would report it and not write it; repair such items first, or exclude them in `where`".to_owned(),
            &[][..],
        ),
        Problem::Twice(found) => {
            let said = "a second run would change it again; `where` must be false once an item is changed";
            (said.to_owned(), found.as_slice())
        }
        Problem::TwiceInvalid(reason) => (
            format!("a second run would find it invalid ({reason}); `where` must be false once an item is changed"),
            &[][..],
        ),
    };
    format!("  {}\n{}", painted(YELLOW, &said), differences(lines, "    "))
}
