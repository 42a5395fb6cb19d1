//! The page: golden files, and what must hold for any report.

use crate::fixture;
use report::page::Page;
use std::path::Path;
use std::{env, fs};
use tableshift_core::item::hash;
use tableshift_core::item::value::Value;
use tableshift_core::language::document::{Action, Document};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::{Counts, JournalCounts};

fn html(report: &Report, plan: &RunPlan) -> String {
    Page::new(report, plan, &hash::of_bytes(b"report.json")).html().unwrap()
}

/// Compares a page with its golden file. With `UPDATE_GOLDEN=1` the test replaces the file; view the new page on a screen
/// before you commit it.
fn assert_golden(name: &str, page: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reporting/golden").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, page).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let line = page.lines().zip(golden.lines()).position(|(found, expected)| found != expected);
    assert!(
        page == golden,
        "{name} differs from its golden file, first in line {:?}; UPDATE_GOLDEN=1 replaces the file",
        line.map(|n| n + 1)
    );
}

#[test]
fn the_page_of_a_dry_run_is_the_golden_one() {
    let plan = fixture::plan();
    assert_golden("dry-run.html", &html(&fixture::dry_run(&plan), &plan));
}

#[test]
fn the_page_of_a_verification_is_the_golden_one() {
    let plan = fixture::plan();
    assert_golden("verify.html", &html(&fixture::verified(&plan), &plan));
}

#[test]
fn the_page_of_a_roll_back_is_the_golden_one() {
    let plan = fixture::plan();
    assert_golden("roll-back.html", &html(&fixture::rolled_back(&plan), &plan));
}

#[test]
fn every_rule_and_every_kind_of_step_is_shown() {
    let mut plan = fixture::plan();
    let rules = r"
id: 20261122-two-kinds
rules:
  - name: orders
    where: key.sk.startsWith('ORDER#')
    change:
      - convert: { path: total, to: number }
      - map_values: { path: status, values: { OPEN: active } }
        when: has(item.status)
  - change:
      - increment_version: { from: 1, to: 2, change: [{ move: { from: zip, to: address.zip } }] }
";
    plan.migration = Document::from_yaml(rules).unwrap();
    let page = html(&fixture::dry_run(&plan), &plan);
    for part in [
        "<h3>Rule orders</h3>",
        "<h3>Rule 2</h3>",
        "key.sk.startsWith(&#39;ORDER#&#39;)",
        "<b>convert</b> <code>total</code> to <code>number</code>",
        "<b>map</b> <code>status</code> to <code>OPEN: active, others are invalid</code> when <code>has(item.status)</code>",
        "<b>increment</b> <code>version</code> to <code>2</code> when <code>version is 1</code>",
        "<b>move</b> <code>zip</code> to <code>address.zip</code> when <code>version is 1</code>",
    ] {
        assert!(page.contains(part), "the page lacks {part}");
    }
    plan.migration = Document::from_yaml("id: 20261122-phone-numbers\ncode: 3").unwrap();
    let page = html(&fixture::dry_run(&plan), &plan);
    assert!(page.contains("Written in Rust: revision 3 of <code>20261122-phone-numbers</code>"));
}

#[test]
fn hostile_values_are_shown_and_never_run() {
    const HOSTILE: &str = r#"</code><script>alert("1")</script><img src=x onerror='alert(1)'>"#;
    let mut plan = fixture::plan();
    plan.run = HOSTILE.into();
    plan.table.name = HOSTILE.into();
    plan.migration.description = Some(HOSTILE.into());
    plan.migration.r#where = Some(HOSTILE.into());
    plan.migration.change[0].action = Action::Set { path: HOSTILE.into(), to: 2.into() };
    let counts = Counts { scanned: 1, changed: 1, ..Counts::default() };
    let mut partials = fixture::partials(Phase::DryRun, counts, JournalCounts::default());
    let tally = &mut partials[3].tally;
    tally.samples[0].key.insert(HOSTILE.into(), Value::s(HOSTILE));
    tally.samples[0].after.insert(HOSTILE.into(), Some(Value::s(HOSTILE)));
    let key = tally.samples[0].key.clone();
    tally.add_finding(key, HOSTILE);
    let mut report = Report::new(&plan, Phase::DryRun);
    report.fold(Phase::DryRun, 4, partials, 0);
    report.reasons.push(HOSTILE.into());
    let page = html(&report, &plan);
    let lower = page.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<img"), "an item's value is markup on the page");
    assert!(page.matches("&#60;script&#62;").count() >= 9, "{}", page.matches("&#60;script&#62;").count());
}

#[test]
fn a_page_loads_nothing() {
    let plan = fixture::plan();
    let page = html(&fixture::rolled_back(&plan), &plan);
    for outside in ["http://", "https://", "src=", "<link", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_long_value_does_not_swamp_the_page() {
    let plan = fixture::plan();
    let mut report = fixture::dry_run(&plan);
    let before = html(&report, &plan).len();
    let tally = &mut report.phases.get_mut(&Phase::DryRun).unwrap().tally;
    tally.samples[0].after.insert("essay".into(), Some(Value::s("long ".repeat(80_000))));
    let page = html(&report, &plan);
    assert!(page.len() < before + 500, "{} more", page.len() - before);
    assert!(page.contains("399,882 characters more"));
}

#[test]
fn a_page_without_results_is_complete() {
    let plan = fixture::plan();
    let mut report = Report::new(&plan, Phase::Migrate);
    report.fold(Phase::Migrate, 4, vec![], 0);
    let page = html(&report, &plan);
    assert!(page.contains("4 of 4 parts have no complete result") && page.contains("</html>"));
}
