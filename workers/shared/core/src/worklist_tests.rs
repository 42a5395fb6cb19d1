use super::*;
use crate::journal::Entry;
use crate::language::compiled::Compiled;
use crate::language::document::Document;
use crate::value::Value;

fn compiled(yaml: &str) -> Compiled {
    Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap()
}

fn table() -> Table {
    serde_json::from_value(serde_json::json!({
        "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {"gsi": "S"}, "items": 0, "bytes": 0,
        "time_to_live": null, "point_in_time_recovery": false, "replicas": 0, "indexes": 0, "stream": false
    }))
    .unwrap()
}

fn item(json: &str) -> Item {
    serde_json::from_str(json).unwrap()
}

const RENAME: &str = "id: m\nwhere: has(item.a)\nchange: [{rename: {from: a, to: b}}]\ncheck: has(item.b)";

fn with_judge(yaml: &str, test: impl FnOnce(Judge<'_, Compiled>)) {
    let (migration, table) = (compiled(yaml), table());
    let rules = TableRules::of(&table, 0);
    test(Judge { migration: &migration, rules: &rules, table: &table });
}

#[test]
fn every_item_of_a_page_becomes_work_or_a_count() {
    with_judge(RENAME, |judge| {
        let mut tally = Tally::default();
        let items = [
            item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#),
            item(r#"{"pk":{"S":"2"},"b":{"S":"x"}}"#),
            item(r#"{"pk":{"S":"3"}}"#),
        ];
        let work = judge.sort_out(items.to_vec(), &Index::default(), &mut tally);
        assert_eq!(work.len(), 1);
        assert_eq!((tally.counts.scanned, tally.counts.already_done, tally.counts.not_matched), (3, 1, 1));
        judge.count_written(&work[0], &mut tally);
        assert!(tally.counts.balance());
    });
}

#[test]
fn an_item_that_a_dead_worker_changed_counts_as_changed() {
    with_judge(RENAME, |judge| {
        let old = item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#);
        let Outcome::Changed(change) = judge.outcome(&old) else { panic!() };
        let mut prior = Index::default();
        prior.add(&Entry::of(item(r#"{"pk":{"S":"1"}}"#), &change, 0));
        let mut tally = Tally::default();
        assert!(judge.sort_out(vec![item(r#"{"pk":{"S":"1"},"b":{"S":"x"}}"#)], &prior, &mut tally).is_empty());
        assert_eq!((tally.counts.changed, tally.counts.already_done), (1, 0));
    });
}

#[test]
fn after_a_conflict_the_item_is_judged_as_it_now_is() {
    with_judge(RENAME, |judge| {
        let old = item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#);
        let mut tally = Tally::default();
        let work = judge.sort_out(vec![old], &Index::default(), &mut tally).remove(0);
        let changed_by_app = item(r#"{"pk":{"S":"1"},"a":{"S":"y"}}"#);
        let again = judge.after_conflict(work, Some(&changed_by_app), &mut tally).unwrap();
        assert_eq!(again.change.image_after()["b"], Some(Value::s("y")));
        assert_eq!(judge.after_conflict(again, None, &mut tally), None);
        assert_eq!((tally.counts.not_matched, tally.retries, tally.journal.unwritten), (1, 1, 2));
        assert!(tally.counts.balance());
    });
}

#[test]
fn a_write_whose_answer_was_lost_counts_as_changed() {
    with_judge(RENAME, |judge| {
        let mut tally = Tally::default();
        let work =
            judge.sort_out(vec![item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#)], &Index::default(), &mut tally).remove(0);
        let written = item(r#"{"pk":{"S":"1"},"b":{"S":"x"},"other":{"N":"1"}}"#);
        assert_eq!(judge.after_conflict(work, Some(&written), &mut tally), None);
        assert_eq!((tally.counts.changed, tally.journal.unwritten), (1, 0));
    });
}

#[test]
fn a_rehearsal_finds_what_would_change_for_ever() {
    with_judge("id: m\nchange: [{set: n, to: item.n + 1}]", |judge| {
        let mut tally = Tally::default();
        judge.rehearse(&item(r#"{"pk":{"S":"1"},"n":{"N":"1"}}"#), &mut tally);
        assert_eq!(tally.counts.invalid, 1);
        assert!(tally.findings[0].reason.contains("change the item again"));
    });
}

#[test]
fn a_value_that_breaks_an_index_s_type_is_invalid_before_it_is_written() {
    with_judge("id: m\nwhere: '!has(item.gsi)'\nchange: [{set: gsi, to: 1}]", |judge| {
        let mut tally = Tally::default();
        judge.rehearse(&item(r#"{"pk":{"S":"1"}}"#), &mut tally);
        assert_eq!(tally.findings[0].reason, "`gsi` would be of type N, but it is an index key of type S");
    });
}
