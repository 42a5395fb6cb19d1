//! Checks a new run against the migrations that the ledger records as applied to the table.

use similar::TextDiff;
use tableshift_aws::ledger::runs::Applied;
use tableshift_aws::ledger::table::Ledger;
use tableshift_core::language::document::Document;
use tableshift_core::language::document::requires::{Evidence, Requirement};
use tableshift_core::plan::settings::input::{Action, Input};
use tableshift_core::plan::settings::policy::Policy;

use crate::Error;

/// The most lines of a difference in an error message. The cause of an error in Step Functions has at most 32,768
/// characters.
const MAX_LINES: usize = 60;
/// The most characters of one of these lines.
const MAX_COLUMNS: usize = 200;

/// Refuses a migration whose requirement is not met, or whose id was applied with another content. Returns the record of a
/// migration that is applied already, if the input does not ask for another run. `now` is in epoch milliseconds.
pub(crate) async fn check(
    ledger: &Ledger,
    document: &Document,
    input: &Input,
    policy: &Policy,
    now: i64,
) -> Result<Option<Applied>, Error> {
    let table = input.table.as_deref().unwrap_or_default();
    check_requirement(ledger, document, table, now).await?;
    let Some(applied) = ledger.applied(table, &document.id).await.map_err(Error::Ledger)? else { return Ok(None) };
    if applied.hash != document.hash() {
        let difference = difference(&applied.document, document);
        let (id, run, at) = (document.id.clone(), applied.run, applied.at);
        return Err(Error::ChangedSinceApplied { id, run, at, difference });
    }
    let is_complete = applied.verified || !policy.verify;
    let is_plain_migrate = input.action == Action::Migrate && !input.again && input.dead_letters_of.is_none();
    Ok((is_plain_migrate && is_complete).then_some(applied))
}

async fn check_requirement(ledger: &Ledger, document: &Document, table: &str, now: i64) -> Result<(), Error> {
    // Compiling the document has already refused a requirement that cannot be read.
    let Ok(Some(requirement)) = Requirement::of(document) else { return Ok(()) };
    let required = ledger.applied(table, &requirement.migration).await.map_err(Error::Ledger)?;
    let evidence = required.as_ref().map(|applied| Evidence { at: &applied.at, verified: applied.verified });
    let (id, table) = (document.id.clone(), table.to_owned());
    let met = requirement.check(evidence, now.div_euclid(1000));
    met.map_err(|unmet| Error::Unmet { id, table, source: Box::new(unmet) })
}

/// The lines of the document's JSON that differ; empty for a record without its document.
fn difference(applied: &str, document: &Document) -> String {
    let Ok(applied) = serde_json::from_str::<serde_json::Value>(applied) else { return String::new() };
    let pretty = |value: &serde_json::Value| serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    let now = serde_json::to_value(document).unwrap_or_default();
    let (before, after) = (pretty(&applied), pretty(&now));
    let lines = TextDiff::from_lines(&before, &after);
    let diff = lines.unified_diff().context_radius(1).header("applied", "now").to_string();
    let shorten = |line: &str| line.chars().take(MAX_COLUMNS).collect::<String>();
    let mut shown: Vec<String> = diff.lines().map(shorten).collect();
    if shown.len() > MAX_LINES {
        let more = shown.len() - MAX_LINES;
        shown.truncate(MAX_LINES);
        shown.push(format!("... and {more} more lines"));
    }
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(to: &str) -> Document {
        Document::from_yaml(&format!("id: a\nchange: [{{set: v, to: {to}}}]")).unwrap()
    }

    #[test]
    fn a_difference_shows_only_the_lines_that_changed() {
        let diff = difference(&serde_json::to_string(&document("2")).unwrap(), &document("3"));
        let changed: Vec<&str> = diff.lines().filter(|line| line.starts_with(['-', '+'])).collect();
        assert_eq!(changed, ["--- applied", "+++ now", "-      \"to\": 2", "+      \"to\": 3"]);
    }

    #[test]
    fn a_long_difference_is_cut_and_says_so() {
        let steps: Vec<String> = (0..200).map(|n| format!("{{set: v{n}, to: {n}}}")).collect();
        let long = Document::from_yaml(&format!("id: a\nchange: [{}]", steps.join(", "))).unwrap();
        let diff = difference(&serde_json::to_string(&document("2")).unwrap(), &long);
        assert_eq!(diff.lines().count(), MAX_LINES + 1);
        assert!(diff.lines().last().unwrap().ends_with(" more lines"), "{diff}");
    }

    #[test]
    fn a_record_without_its_document_has_nothing_to_compare() {
        assert_eq!(difference("", &document("2")), "");
    }
}
