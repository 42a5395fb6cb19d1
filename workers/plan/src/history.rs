//! What the ledger's history of a table says about a new run: whether its migration may run yet, whether it is the one
//! that this id stands for, and whether it is applied already.

use similar::TextDiff;
use tableshift_aws::ledger::runs::Applied;
use tableshift_aws::ledger::table::Ledger;
use tableshift_core::language::document::Document;
use tableshift_core::language::document::requires::{Evidence, Requirement};
use tableshift_core::plan::input::{Action, Input};
use tableshift_core::plan::policy::Policy;

use crate::Error;

/// How many lines of a difference are told: an error's cause has 32,768 characters.
const MOST_LINES: usize = 60;
/// How much of a long line is told.
const MOST_COLUMNS: usize = 200;

/// Refuses a migration that may not run on the table, and gives the record of one that is applied already and needs no
/// second run. `now` is in epoch milliseconds.
pub(crate) async fn look_up(
    ledger: &Ledger,
    document: &Document,
    input: &Input,
    policy: &Policy,
    now: i64,
) -> Result<Option<Applied>, Error> {
    let table = input.table.as_deref().unwrap_or_default();
    require(ledger, document, table, now).await?;
    let Some(applied) = ledger.applied(table, &document.id).await.map_err(Error::Ledger)? else { return Ok(None) };
    if applied.hash != document.hash() {
        let difference = difference(&applied.document, document);
        let (id, run, at) = (document.id.clone(), applied.run, applied.at);
        return Err(Error::ChangedSinceApplied { id, run, at, difference });
    }
    let proven = applied.verified || !policy.verify;
    let wanted = input.action == Action::Migrate && !input.again && input.dead_letters_of.is_none();
    Ok((wanted && proven).then_some(applied))
}

async fn require(ledger: &Ledger, document: &Document, table: &str, now: i64) -> Result<(), Error> {
    // What cannot be read has been refused with the rest of the document's meaning.
    let Ok(Some(requirement)) = Requirement::of(document) else { return Ok(()) };
    let required = ledger.applied(table, &requirement.migration).await.map_err(Error::Ledger)?;
    let evidence = required.as_ref().map(|applied| Evidence { at: &applied.at, verified: applied.verified });
    let (id, table) = (document.id.clone(), table.to_owned());
    let met = requirement.check(evidence, now.div_euclid(1000));
    met.map_err(|unmet| Error::Unmet { id, table, source: Box::new(unmet) })
}

/// What is different in the document, line by line as JSON; nothing for records that do not hold it.
fn difference(applied: &str, document: &Document) -> String {
    let Ok(applied) = serde_json::from_str::<serde_json::Value>(applied) else { return String::new() };
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    let now = serde_json::to_value(document).unwrap_or_default();
    let (before, after) = (pretty(&applied), pretty(&now));
    let lines = TextDiff::from_lines(&before, &after);
    let told = lines.unified_diff().context_radius(1).header("applied", "now").to_string();
    let short = |line: &str| line.chars().take(MOST_COLUMNS).collect::<String>();
    let mut told: Vec<String> = told.lines().map(short).collect();
    if told.len() > MOST_LINES {
        let more = told.len() - MOST_LINES;
        told.truncate(MOST_LINES);
        told.push(format!("... and {more} lines more"));
    }
    told.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(to: &str) -> Document {
        Document::from_yaml(&format!("id: a\nchange: [{{set: v, to: {to}}}]")).unwrap()
    }

    #[test]
    fn a_difference_shows_the_lines_that_changed_and_no_others() {
        let told = difference(&serde_json::to_string(&document("2")).unwrap(), &document("3"));
        let changed: Vec<&str> = told.lines().filter(|line| line.starts_with(['-', '+'])).collect();
        assert_eq!(changed, ["--- applied", "+++ now", "-      \"to\": 2", "+      \"to\": 3"]);
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let steps: Vec<String> = (0..200).map(|n| format!("{{set: v{n}, to: {n}}}")).collect();
        let long = Document::from_yaml(&format!("id: a\nchange: [{}]", steps.join(", "))).unwrap();
        let told = difference(&serde_json::to_string(&document("2")).unwrap(), &long);
        assert_eq!(told.lines().count(), MOST_LINES + 1);
        assert!(told.lines().last().unwrap().ends_with(" lines more"), "{told}");
    }

    #[test]
    fn a_record_without_its_document_has_nothing_to_compare() {
        assert_eq!(difference("", &document("2")), "");
    }
}
