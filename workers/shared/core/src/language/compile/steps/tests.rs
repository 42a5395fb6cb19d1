//! What each step does where its source is missing, null or of another type, or where its target already exists.

use crate::change::migration::{Migration as _, Outcome};
use crate::item::value::Item;
use crate::language::compile::compiled::Compiled;
use crate::language::document::Document;

/// The whole item after the steps, `unchanged`, or why it is invalid.
fn after(steps: &str, before: &str) -> String {
    let yaml = format!("id: x\nchange:\n{steps}");
    let migration = Compiled::of(&Document::from_yaml(&yaml).unwrap()).unwrap();
    let item: Item = serde_json::from_str(before).unwrap();
    match migration.apply(&item) {
        Outcome::Changed(change) => serde_json::to_string(&change.applied_to(&item)).unwrap(),
        Outcome::AlreadyDone => "unchanged".into(),
        Outcome::Invalid(reason) => reason.to_string(),
        Outcome::NotMatched => "not matched".into(),
    }
}

fn refused(steps: &str) -> String {
    let yaml = format!("id: x\nchange:\n{steps}");
    Compiled::of(&Document::from_yaml(&yaml).unwrap()).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn set_overwrites_and_default_does_not() {
    assert_eq!(after("- {set: a, to: 1}", r#"{"a":{"S":"x"}}"#), r#"{"a":{"N":"1"}}"#);
    assert_eq!(after("- {default: a, to: 1}", r#"{"a":{"S":"x"}}"#), "unchanged");
    assert_eq!(after("- {default: a, to: 1}", r#"{"a":{"NULL":true}}"#), "unchanged");
    assert_eq!(after("- {default: a.b, to: 1}", "{}"), "step 1: cannot set `a.b`: `a` is missing");
    assert_eq!(
        after("- {set: 'l[1]', to: 9}", r#"{"l":{"L":[{"N":"1"}]}}"#),
        "step 1: cannot set `l[1]`: the list `l` has 1 elements"
    );
}

#[test]
fn a_star_sets_every_element_and_knows_the_element() {
    let orders = r#"{"o":{"L":[{"M":{"p":{"N":"1.5"},"q":{"N":"2"}}},{"M":{"p":{"N":"2"},"q":{"N":"3"}}}]}}"#;
    let total = "- {set: 'o[*].t', to: 'decimal(element.p) * element.q'}\n- {remove: 'o[*].p'}\n- {remove: 'o[*].q'}";
    assert_eq!(after(total, orders), r#"{"o":{"L":[{"M":{"t":{"N":"3"}}},{"M":{"t":{"N":"6"}}}]}}"#);
    assert_eq!(after("- {set: 'o[*].t', to: 1}", "{}"), "unchanged");
    assert_eq!(after("- {set: 'o[*].t', to: 1}", r#"{"o":{"L":[]}}"#), "unchanged");
    assert_eq!(
        after("- {set: 'o[*].t', to: 1}", r#"{"o":{"S":"x"}}"#),
        "step 1: cannot follow `o[*].t`: `o` is not a list but of type S"
    );
    assert_eq!(after("- {remove: 'o[*]'}", r#"{"o":{"L":[{"N":"1"},{"N":"2"}]}}"#), r#"{"o":{"L":[]}}"#);
}

#[test]
fn rename_copy_and_move_take_any_value_and_overwrite_nothing() {
    for step in ["- rename: {from: a, to: b}", "- move: {from: a, to: b}"] {
        assert_eq!(after(step, r#"{"a":{"NULL":true}}"#), r#"{"b":{"NULL":true}}"#);
        assert_eq!(after(step, r#"{"c":{"S":"x"}}"#), "unchanged");
        assert_eq!(after(step, r#"{"a":{"S":"x"},"b":{"S":"x"}}"#), r#"{"b":{"S":"x"}}"#);
    }
    for step in ["- rename: {from: a, to: b}", "- move: {from: a, to: b}", "- copy: {from: a, to: b}"] {
        let other = after(step, r#"{"a":{"S":"x"},"b":{"S":"y"}}"#);
        assert_eq!(other, "step 1: `b` already exists and holds another value; only `set` overwrites");
    }
    for step in ["- rename: {from: a, to: b, keep: true}", "- copy: {from: a, to: b}"] {
        assert_eq!(after(step, r#"{"a":{"S":"x"}}"#), r#"{"a":{"S":"x"},"b":{"S":"x"}}"#);
        assert_eq!(after(step, r#"{"a":{"S":"x"},"b":{"S":"x"}}"#), "unchanged");
    }
}

#[test]
fn rename_keeps_its_place_and_move_creates_the_missing_maps() {
    let list = r#"{"o":{"L":[{"M":{"qty":{"N":"1"}}},{"M":{}}]}}"#;
    let renamed = r#"{"o":{"L":[{"M":{"quantity":{"N":"1"}}},{"M":{}}]}}"#;
    assert_eq!(after("- rename: {from: 'o[*].qty', to: 'o[*].quantity'}", list), renamed);
    assert_eq!(
        after("- move: {from: a, to: m.n.a}", r#"{"a":{"N":"1"}}"#),
        r#"{"m":{"M":{"n":{"M":{"a":{"N":"1"}}}}}}"#
    );
    assert_eq!(
        after("- move: {from: m.a, to: a}", r#"{"m":{"M":{"a":{"N":"1"}}}}"#),
        r#"{"a":{"N":"1"},"m":{"M":{}}}"#
    );
    assert_eq!(after("- copy: {from: a, to: m.a}", r#"{"a":{"N":"1"}}"#), "step 1: cannot set `m.a`: `m` is missing");
    assert!(refused("- rename: {from: a.b, to: b}").contains("use `move`"));
    assert!(refused("- rename: {from: 'o[*].a', to: 'p[*].b'}").contains("both must begin with the same list"));
    assert!(refused("- move: {from: a, to: a.b}").contains("one is within the other"));
    assert!(refused("- copy: {from: 'a[*]', to: b}").contains("every element"));
}

#[test]
fn a_guard_skips_a_step_and_reads_what_the_earlier_steps_did() {
    let steps = "- {set: a, to: 2}\n- {when: item.a == 2, set: b, to: 1}\n- {when: item.a == 1, set: c, to: 1}";
    assert_eq!(after(steps, r#"{"a":{"N":"1"}}"#), r#"{"a":{"N":"2"},"b":{"N":"1"}}"#);
    assert!(after("- {when: item.z == 1, set: b, to: 1}", "{}").starts_with("step 1: `when` `z` is missing"));
}

#[test]
fn map_values_names_old_and_new_values_and_what_happens_to_others() {
    let map = |otherwise: &str| {
        format!("- map_values: {{path: s, values: {{OPEN: active, '1': active, DONE: 5}}{otherwise}}}")
    };
    assert_eq!(after(&map(""), r#"{"s":{"S":"OPEN"}}"#), r#"{"s":{"S":"active"}}"#);
    assert_eq!(after(&map(""), r#"{"s":{"N":"1"}}"#), r#"{"s":{"S":"active"}}"#);
    for same in [r#"{"s":{"S":"active"}}"#, r#"{"s":{"N":"5"}}"#, r#"{"s":{"NULL":true}}"#, "{}"] {
        assert_eq!(after(&map(""), same), "unchanged", "{same}");
    }
    assert!(after(&map(""), r#"{"s":{"S":"x"}}"#).starts_with("step 1: `s` holds a value that `values` does not name"));
    assert!(after(&map(""), r#"{"s":{"L":[]}}"#).starts_with("step 1: `s` holds a value"));
    assert_eq!(after(&map(", otherwise: keep"), r#"{"s":{"S":"x"}}"#), "unchanged");
    assert_eq!(after(&map(", otherwise: {set: other}"), r#"{"s":{"S":"x"}}"#), r#"{"s":{"S":"other"}}"#);
    assert!(refused("- map_values: {path: s, values: {}}").contains("no `values`"));
}

const VERSIONS: &str = "
- increment_version: {from: 1, to: 2, change: [{rename: {from: a, to: b}}]}
- increment_version: {from: 2, to: 3, change: [{convert: {path: b, to: number}}]}";

#[test]
fn versions_bring_items_of_any_version_to_the_newest_in_one_pass() {
    let newest = r#"{"b":{"N":"7"},"version":{"N":"3"}}"#;
    assert_eq!(after(VERSIONS, r#"{"a":{"S":"7"},"version":{"N":"1"}}"#), newest);
    assert_eq!(after(VERSIONS, r#"{"b":{"S":"7"},"version":{"N":"2"}}"#), newest);
    assert_eq!(after(VERSIONS, newest), "unchanged");
    assert_eq!(after(VERSIONS, r#"{"a":{"S":"7"}}"#), "unchanged");
    assert_eq!(after(VERSIONS, r#"{"a":{"S":"7"},"version":{"NULL":true}}"#), "unchanged");
    let text = after(VERSIONS, r#"{"a":{"S":"7"},"version":{"S":"1"}}"#);
    assert_eq!(text, "step 1: `version` is of type S, but `increment_version` expects a version of type N");
    let inner = after(VERSIONS, r#"{"b":{"S":"x"},"version":{"N":"2"}}"#);
    assert_eq!(inner, "step 2.1: `b` holds a string that is not a decimal number of at most 38 digits");
}

#[test]
fn a_version_that_leads_nowhere_is_refused() {
    assert!(refused("- increment_version: {from: 1, to: 1}").contains("to itself"));
    assert!(refused("- increment_version: {from: 1, to: '2'}").contains("another type"));
    assert!(refused("- increment_version: {from: true, to: false}").contains("neither a number nor a string"));
    assert!(refused("- increment_version: {path: 'v[*]', from: 1, to: 2}").contains("one version"));
    let nested = "- increment_version: {from: 1, to: 2, change: [{increment_version: {from: 2, to: 3}}]}";
    assert!(refused(nested).starts_with("step 1.1: this step is an `increment_version` within another"));
}
