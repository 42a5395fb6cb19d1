//! Everything that is wrong with a migration document, each finding with its place in the text and what to write instead.
//! What has to do with the text belongs here: YAML, places, fields that do not exist, likely mistakes. Rules about what a
//! migration may be do not: those of expressions are in [`expression`](super::expression), those of steps and documents in
//! [`compile`](super::compile), and `read` only places what they find.
//!
//! Pure: text in, findings out. The command renders them for people; Plan refuses a document by them. A document without
//! an error compiles, and one that does not compile has at least one error. The order:
//!
//! 1. `yaml`: the text as a tree that knows its places, or one finding where it stops being YAML (`not_yaml`)
//! 2. `shape`: the tree against the schema of documents
//! 3. `steps`, `lookalikes`: one action in each step; paths and literals that look like something else
//! 4. `table`: what the migration does to keys, indexes and time to live of the table, where these are known
//! 5. `read`: what compiling finds, at its `place` (`expression` and `position` for parts of an expression)
//! 6. `meaning`, `effects`: conditions that never change, a second run, steps without effect

mod effects;
mod expression;
mod lookalikes;
mod meaning;
mod not_yaml;
mod place;
mod position;
mod read;
pub mod shape;
mod steps;
pub mod table;
pub mod yaml;

use crate::language::document::{Document, DocumentError, MAX_DOCUMENT_BYTES};
use crate::language::finding::{Code, Finding, Level};
use read::Read;
use table::Facts;

/// What a review comes to.
#[derive(Debug)]
pub struct Review {
    /// Every finding, in the order of the text.
    pub findings: Vec<Finding>,
    /// The document, if no finding is an error.
    pub document: Option<Document>,
}

/// How many errors a refusal lists.
const MAX_LISTED: usize = 5;

impl Review {
    /// Reviews a document's text, and what it does to a table if its facts are known.
    pub fn of(text: &str, table: Option<&Facts>) -> Self {
        let mut findings = Vec::new();
        let document = examine(text, table, &mut findings);
        findings.sort_by_key(|finding| (finding.span.start, finding.level));
        let document = document.filter(|_| findings.iter().all(|finding| finding.level != Level::Error));
        Self { findings, document }
    }

    /// The errors in one text, for a refusal: each with its line and column and what to do. None if there is no error.
    pub fn refusal(&self, text: &str) -> Option<String> {
        let errors = self.findings.iter().filter(|finding| finding.level == Level::Error);
        let listed: Vec<String> = errors.clone().take(MAX_LISTED).map(|finding| finding.in_one_line(text)).collect();
        let more = errors.count().saturating_sub(MAX_LISTED);
        let more = (more > 0).then(|| format!("and {more} more"));
        (!listed.is_empty()).then(|| listed.into_iter().chain(more).collect::<Vec<_>>().join("; "))
    }

    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

fn examine(text: &str, table: Option<&Facts>, findings: &mut Vec<Finding>) -> Option<Document> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let error = DocumentError::TooLong { bytes: text.len() };
        findings.push(Finding::error(Code::TooLong, 0..0, error.to_string()));
        return None;
    }
    let mut root = match yaml::read(text) {
        Ok(root) => root,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    shape::check(text, &mut root, findings);
    let steps = steps::of(&root);
    lookalikes::rounded(&root, findings);
    for step in &steps {
        steps::check(step, findings);
        lookalikes::check(step, findings);
    }
    if let Some(facts) = table {
        table::check(facts, &steps, findings);
    }
    let read = read::read(text, &root, &steps, findings);
    if let Some(code) = root.entry("code") {
        let message = "this stands for a migration in Rust, so there is nothing in it to check";
        findings.push(Finding::note(Code::Form, code.at.clone(), message));
    }
    let Read { document, compiled } = read?;
    if let Some(compiled) = compiled.filter(|_| findings.iter().all(|finding| finding.level != Level::Error)) {
        meaning::check(&root, &steps, &compiled, findings);
    }
    Some(document)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::compile::compiled::Compiled;
    use proptest::prelude::*;

    /// The errors and warnings.
    fn found(text: &str) -> Vec<(Code, &str)> {
        let review = Review::of(text, None);
        review
            .findings
            .into_iter()
            .filter(|finding| finding.level != Level::Note)
            .map(|finding| (finding.code, &text[finding.span]))
            .collect()
    }

    const GOOD: &str =
        "id: a\nwhere: has(item.a) && !has(item.b)\nchange:\n  - set: b\n    to: lower(item.a)\ncheck: has(item.b)\n";

    #[test]
    fn a_document_without_problems_has_no_findings() {
        assert_eq!(found(GOOD), []);
        assert!(Review::of(GOOD, None).document.is_some());
    }

    #[test]
    fn what_a_misspelt_field_holds_is_reviewed_too() {
        let text = "id: a\nchnage:\n  - set: b\n    to: frob(item.a)\n";
        assert_eq!(found(text), [(Code::UnknownField, "chnage"), (Code::UnknownFunction, "frob")]);
    }

    #[test]
    fn problems_within_folded_expressions_are_found_at_their_line() {
        let text = "id: a\nwhere: >-\n  has(item.a)\n  && frob(item.b)\n  && itm.c == 1\nchange:\n  - remove: a\n";
        assert_eq!(found(text), [(Code::UnknownFunction, "frob"), (Code::UnknownName, "itm")]);
    }

    #[test]
    fn element_is_known_where_the_path_goes_through_a_list_and_nowhere_else() {
        let step = |path: &str| format!("id: a\nwhere: has(item.l)\nchange:\n  - set: {path}\n    to: element.x\n");
        assert_eq!(found(&step("l[*].y")), []);
        assert_eq!(found(&step("l.y")), [(Code::UnknownName, "element")]);
    }

    #[test]
    fn a_step_whose_effect_is_read_before_it_is_overwritten_is_not_reported() {
        let steps = |between: &str| {
            format!("id: a\nwhere: has(item.x)\nchange:\n  - set: a\n    to: 1\n{between}  - remove: a\n")
        };
        assert_eq!(found(&steps("")), [(Code::NoEffect, "a")]);
        assert_eq!(found(&steps("  - set: b\n    to: item.a\n")), []);
    }

    #[test]
    fn a_text_that_is_too_long_is_refused_before_it_is_read() {
        let text = format!("{GOOD}# {}", "x".repeat(MAX_DOCUMENT_BYTES));
        assert_eq!(found(&text), [(Code::TooLong, "")]);
    }

    #[test]
    fn a_condition_that_can_never_hold_is_an_error_and_one_that_always_does_a_warning() {
        let text = |condition: &str| format!("id: a\nwhere: {condition}\nchange:\n  - set: b\n    to: 1\n");
        assert_eq!(found(&text("1 == 2")), [(Code::AlwaysFalse, "1 == 2")]);
        assert_eq!(found(&text("size('a') == 1")), [(Code::AlwaysTrue, "size('a') == 1")]);
    }

    #[test]
    fn a_second_run_that_may_change_items_again_is_found_at_its_rule() {
        let text = "id: a\nchange:\n  - set: n\n    to: item.n + 1\n";
        assert_eq!(found(text), [(Code::NotIdempotent, "change")]);
        let rules = "id: a\nrules:\n  - where: '!has(item.a)'\n    change:\n      - set: a\n        to: 1\n  - where: has(item.m)\n    \
                 change:\n      - set: n\n        to: item.n + 1\n";
        let span = Review::of(rules, None).findings[0].span.clone();
        assert_eq!(&rules[span], "has(item.m)");
        let noted = Review::of("id: a\nwhere: has(item.m)\nchange:\n  - set: n\n    to: item.n + 1\n", None);
        assert_eq!(noted.findings[0].level, Level::Note);
    }

    #[test]
    fn the_largest_documents_are_reviewed_too_however_much_is_wrong_with_them() {
        let step = |n: usize| format!("  - set: a{n}\n    to: 'frob(item.b{n}) + itm'\n");
        let mut text = String::from("id: large\nwhere: has(item.a)\nchange:\n");
        (0..)
            .map(step)
            .take_while(|step| {
                let fits = text.len() + step.len() <= MAX_DOCUMENT_BYTES;
                if fits {
                    text += step
                }
                fits
            })
            .for_each(drop);
        let review = Review::of(&text, None);
        assert!(review.findings.len() > 5000, "{}", review.findings.len());
    }

    #[test]
    fn a_refusal_lists_each_error_with_its_place_and_what_to_do() {
        let text = "id: a\nchnage:\n  - set: b\n    to: frob(item.a)\n  - remove: a..b\n";
        assert_eq!(
            Review::of(text, None).refusal(text).unwrap(),
            "line 2, column 1: there is no field `chnage` (did you mean `change`?); line 4, column 9: there is no function \
         `frob()` (the functions are extract, matches, split, join, trim, lower, upper, number, decimal, string, int, bool, \
         epoch_seconds, iso_time, string_set, number_set, binary_set, binary, base64, bytes, sha256, uuid_from, type, size, \
         contains, startsWith, endsWith); line 5, column 13: path `a..b` has an empty part (write names joined by single \
         dots, or quote a name that holds dots)"
        );
        assert_eq!(Review::of(GOOD, None).refusal(GOOD), None);
    }

    #[test]
    fn the_fault_of_a_step_within_a_step_is_reported_once() {
        let inner = "{increment_version: {from: 2, to: 3}}";
        let text = format!("id: a\nchange:\n  - increment_version: {{from: 1, to: 2, change: [{inner}]}}\n");
        assert_eq!(found(&text), [(Code::StepShape, "increment_version: {from: 2, to: 3}")]);
    }

    #[test]
    fn every_number_that_would_be_rounded_is_pointed_at() {
        let text = "id: a\nwhere: '!has(item.n)'\nchange:\n  - set: n\n    to: [0.1, 0.12345678901234567891]\n  - set: m\n    to: 12345678901234567890.12345\n";
        assert_eq!(
            found(text),
            [(Code::Literal, "0.12345678901234567891"), (Code::Literal, "12345678901234567890.12345")]
        );
    }

    #[test]
    fn a_document_that_stands_for_a_migration_in_rust_has_nothing_else_in_it() {
        let review = Review::of("id: 20261122-phone-numbers\ncode: 1\n", None);
        assert!(review.document.is_some() && review.count(Level::Error) == 0, "{review:?}");
        assert_eq!(found("id: a\ncode: 1\nwhere: has(item.a)\n"), [(Code::Form, "where")]);
        assert_eq!(found("id: a\ncode: one\n"), [(Code::WrongKind, "one")]);
    }

    const CORPUS: [&str; 3] = [
        GOOD,
        "id: b\nrules:\n  - name: r\n    where: item.n == 1 && key.sk.startsWith('A#')\n    change:\n      - increment_version: { from: 1, to: 2, change: [{ move: { from: a.b, to: c.d } }] }\n      - convert: {path: \"l[*].x\", to: number}\n        when: 'has(item.l)'\n",
        "id: c\nchange:\n  - default: x\n    to: >-\n      {'a': extract(item.s, r'^(?<q>.)$')}\n  - map_values: { path: s, values: { A: b }, otherwise: keep }\n  - set: l[*].y\n    to: element.x + 1\n",
    ];

    fn mutated() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z]{1,3}",
            "[\\[\\]{}()'\"!#&*|>:,.\\- \\n\\t=ü\\\\]{1,2}",
            Just("  - set: q\n".to_owned()),
            Just("when: ".to_owned()),
            Just("*a".to_owned()),
        ];
        let edit = (any::<prop::sample::Index>(), 0usize..6, piece);
        (prop::sample::select(CORPUS.to_vec()), proptest::collection::vec(edit, 1..6)).prop_map(|(text, edits)| {
            let mut characters: Vec<char> = text.chars().collect();
            for (at, cut, piece) in edits {
                let at = at.index(characters.len() + 1);
                let end = (at + cut).min(characters.len());
                characters.splice(at..end, piece.chars());
            }
            characters.into_iter().collect()
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_the_review_points_into_the_text_and_agrees_with_compiling(text in mutated()) {
            let review = Review::of(&text, None);
            for finding in &review.findings {
                let places = finding.also.iter().map(|place| &place.span).chain([&finding.span]);
                let suggested = finding.suggestion.iter().map(|suggestion| &suggestion.span);
                for span in places.chain(suggested) {
                    prop_assert!(text.get(span.clone()).is_some(), "{:?} in {:?}", finding, text);
                }
            }
            let compiles = Document::from_yaml(&text).is_ok_and(|document| Compiled::of(&document).is_ok());
            let accepted = review.findings.iter().all(|finding| finding.level != Level::Error);
            prop_assert!(compiles || !accepted, "accepted, and does not compile: {:?}", text);
            prop_assert_eq!(accepted, review.document.is_some());
        }

        #[test]
        fn a_suggestion_for_a_misspelt_field_leads_to_a_document_without_that_finding(
            cut in 0usize..4, field in prop::sample::select(vec!["where", "change", "check"])
        ) {
            let mut misspelt = field.to_owned();
            misspelt.remove(cut);
            let text = GOOD.replace(&format!("{field}:"), &format!("{misspelt}:"));
            let review = Review::of(&text, None);
            let suggestion = review.findings[0].suggestion.clone().unwrap();
            let mut repaired = text.clone();
            repaired.replace_range(suggestion.span, &suggestion.replacement);
            prop_assert_eq!(repaired, GOOD);
        }
    }
}
