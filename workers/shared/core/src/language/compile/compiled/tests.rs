use super::*;
use crate::item::value::Value;

const SPLIT: &str = r"
id: 20261122-split-address
where: has(item.address) && !has(item.addressDetails)
change:
  - set: addressDetails
    to: extract(item.address, r'^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$')
  - rename: { from: zip, to: postalCode }
  - set: version
    to: 2
check: has(item.addressDetails.city) && item.version == 2
";

fn compiled(yaml: &str) -> Compiled {
    Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap()
}

fn refused(yaml: &str) -> String {
    use std::error::Error as _;
    let error = Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap_err();
    error.source().map_or(error.to_string(), |source| format!("{error}: {source}"))
}

fn item(json: &str) -> Item {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_design_s_example_changes_an_old_item_and_leaves_a_changed_one_alone() {
    let migration = compiled(SPLIT);
    let old = item(r#"{"pk":{"S":"1"},"address":{"S":"1 Main St, Boston, MA"},"zip":{"S":"02134"},"other":{"N":"1"}}"#);
    let Outcome::Changed(change) = migration.apply(&old) else { panic!() };
    assert_eq!(
        change.after().map(|(name, _)| name).collect::<Vec<_>>(),
        ["addressDetails", "postalCode", "version", "zip"]
    );
    assert_eq!(change.image_after()["zip"], None);
    assert_eq!(change.image_after()["postalCode"], Some(Value::s("02134")));
    assert_eq!(
        change.guard().map(|(name, _)| name).collect::<Vec<_>>(),
        ["address", "addressDetails", "postalCode", "version", "zip"]
    );
    assert_eq!(migration.apply(&change.applied_to(&old)), Outcome::AlreadyDone);
}

#[test]
fn an_item_that_does_not_match_is_not_the_migration_s_business() {
    assert_eq!(compiled(SPLIT).apply(&item(r#"{"pk":{"S":"1"}}"#)), Outcome::NotMatched);
}

#[test]
fn a_step_that_cannot_be_carried_out_makes_the_item_invalid_and_says_which_step() {
    let Outcome::Invalid(reason) = compiled(SPLIT).apply(&item(r#"{"address":{"S":"nowhere"}}"#)) else { panic!() };
    assert_eq!(reason.to_string(), "step 1: `to` extract(): the pattern does not match");
}

#[test]
fn without_where_an_item_that_the_steps_do_not_change_is_already_done() {
    let migration = compiled("id: x\nchange:\n  - default: tags\n    to: []\n");
    assert!(matches!(migration.apply(&item("{}")), Outcome::Changed(_)));
    assert_eq!(migration.apply(&item(r#"{"tags":{"L":[{"S":"a"}]}}"#)), Outcome::AlreadyDone);
}

#[test]
fn structural_steps_move_every_type_unchanged() {
    let migration =
        compiled("id: x\nchange:\n  - rename: {from: a, to: b}\n  - copy: {from: b, to: c}\n  - remove: d\n");
    let value = Value::Ns(["12345678901234567890123456789012345678".to_string(), "1E-130".into()].into());
    let Outcome::Changed(change) =
        migration.apply(&Item::from([("a".into(), value.clone()), ("d".into(), Value::Bool(true))]))
    else {
        panic!()
    };
    assert_eq!(change.image_after()["b"].as_ref(), Some(&value));
    assert_eq!(change.image_after()["c"].as_ref(), Some(&value));
    assert_eq!((&change.image_after()["a"], &change.image_after()["d"]), (&None, &None));
}

#[test]
fn faulty_documents_are_refused_by_step_and_field() {
    assert_eq!(refused("id: a b\nchange: [{remove: x}]"), "id: this cannot be an id (one that can be: a-b)");
    assert_eq!(
        refused("id: a\nchange: []"),
        "the document has no `change` (write the steps under `change:`, each beginning with `- `)"
    );
    assert!(refused("id: a\nwhere: item.\nchange: [{remove: x}]").starts_with("where: the expression ends too soon"));
    assert_eq!(
        refused("id: a\nchange: [{remove: x}, {set: y, to: name}]"),
        "step 2: to: there is no `name` (for the fixed string, quote it once more: 'name')"
    );
}

#[test]
fn key_attributes_cannot_be_touched() {
    let error = compiled("id: a\nchange: [{set: pk.x, to: 1}]").check_keys(&["pk".into()]).unwrap_err();
    assert!(error.to_string().contains("`pk`"));
}

const RULES: &str = r"
id: 20261122-totals
rules:
  - name: orders
    where: key.sk.startsWith('ORDER#') && !has(item.total)
    change: [{ set: total, to: decimal(item.price) * item.count }]
    check: has(item.total)
  - where: has(item.name)
    change: [{ rename: { from: name, to: fullName } }]
";

#[test]
fn of_several_rules_the_first_that_matches_is_the_only_one_applied() {
    let migration = compiled(RULES);
    let changed = |json: &str| match migration.apply(&item(json)) {
        Outcome::Changed(change) => change.delta().map(|(name, _)| name.clone()).collect::<Vec<_>>().join(" "),
        outcome => format!("{outcome:?}"),
    };
    let order = r#"{"sk":{"S":"ORDER#1"},"price":{"N":"1.5"},"count":{"N":"2"},"name":{"S":"x"}}"#;
    assert_eq!(changed(order), "total");
    assert_eq!(changed(r#"{"sk":{"S":"USER#1"},"name":{"S":"x"}}"#), "fullName name");
    assert_eq!(changed(r#"{"sk":{"S":"USER#1"}}"#), "NotMatched");
    assert_eq!(changed(r#"{"sk":{"S":"ORDER#1"},"total":{"N":"3"}}"#), "AlreadyDone");
}

#[test]
fn the_reason_of_an_invalid_item_names_rule_and_step() {
    let reason = |json: &str| match compiled(RULES).apply(&item(json)) {
        Outcome::Invalid(reason) => reason.to_string(),
        outcome => format!("{outcome:?}"),
    };
    let no_number = reason(r#"{"sk":{"S":"ORDER#1"},"price":{"S":"x"},"count":{"N":"2"}}"#);
    assert_eq!(
        no_number,
        "rule orders: step 1: `to` decimal(): the string is not a decimal number of at most 38 digits"
    );
    let there = reason(r#"{"sk":{"S":"x"},"name":{"S":"a"},"fullName":{"S":"b"}}"#);
    assert!(there.starts_with("rule 2: step 1: `fullName` already exists"), "{there}");
    assert!(reason(r#"{"name":{"S":"a"}}"#).starts_with("rule orders: where: `sk` is missing"));
}

#[test]
fn only_what_every_rule_leaves_out_is_left_out_by_the_filter() {
    let filter = compiled(RULES).filter().unwrap();
    assert!(filter.expression.contains(" OR attribute_exists("), "{}", filter.expression);
    let all = "id: x\nrules: [{where: has(item.a), change: [{remove: a}]}, {change: [{remove: b}]}]";
    assert_eq!(compiled(all).filter(), None);
}

#[test]
fn rules_that_no_item_reaches_and_documents_of_two_forms_are_refused() {
    let unreachable = "id: x\nrules: [{change: [{remove: a}]}, {where: has(item.b), change: [{remove: b}]}]";
    assert!(refused(unreachable).starts_with("rule 2: this rule is for no item: rule 1"));
    let both = "id: x\nchange: [{remove: a}]\nrules: [{change: [{remove: a}]}]";
    assert!(refused(both).contains("either `change` or `rules`"));
    assert!(refused("id: x\nwhere: 'true'\nrules: [{change: [{remove: a}]}]").contains("in each rule"));
    assert_eq!(
        refused("id: x\nrules: [{change: []}]"),
        "rule 1: change: `change` is empty (write at least one step, as in `- set: version` with `to: 2` below it)"
    );
    let expression = "id: x\nrules: [{change: [{set: a, to: b}]}]";
    assert!(refused(expression).starts_with("rule 1, step 1: to: there is no `b`"));
}

#[test]
fn key_reads_the_key_of_the_item_within_steps_and_nothing_else() {
    let migration = compiled("id: a\nchange: [{set: gsi1sk, to: key.pk + '#1'}]");
    let Outcome::Changed(change) = migration.apply(&item(r#"{"pk":{"S":"u"},"x":{"S":"y"}}"#)) else { panic!() };
    assert_eq!(change.image_after()["gsi1sk"], Some(Value::s("u#1")));
    assert!(migration.check_keys(&["pk".into()]).is_ok());
    let error = migration.check_keys(&["id".into()]).unwrap_err().to_string();
    assert_eq!(error, "`step 1: to` reads `key.pk`, which is not a key attribute of the table; write `item.pk`");
}

#[test]
fn literals_that_would_be_rounded_are_refused() {
    // An inline document was read as JSON before.
    let inline = serde_json::json!({"id": "a", "change": [{"set": "x", "to": 0.123_456_789_012_345_68}]});
    let error = Compiled::of(&Document::from_json(&inline).unwrap()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("may have been rounded"), "{error}");
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    assert!(refused(&format!("id: a\nchange: [{{set: x, to: {deep}}}]")).contains("nested more than 32 deep"));
}

#[test]
fn an_item_of_the_largest_size_is_restored_bit_by_bit() {
    let deep = (0..31).fold(Value::n("-0"), |inner, _| Value::L(vec![inner]));
    let text = Value::s("ü".repeat(199_000));
    let before = Item::from([("pk".into(), Value::s("1")), ("a".into(), text), ("#n0".into(), deep)]);
    let migration = compiled("id: x\nchange:\n- rename: {from: a, to: size}\n- move: {from: '#n0', to: m.deep}");
    let Outcome::Changed(change) = migration.apply(&before) else { panic!() };
    assert!(change.bytes.0 > 398_000);
    let mut item = before.clone();
    for image in [change.image_after(), change.before().map(|(n, v)| (n.clone(), v.cloned())).collect()] {
        for (name, value) in image {
            match value {
                Some(value) => drop(item.insert(name, value)),
                None => drop(item.remove(&name)),
            }
        }
    }
    assert_eq!(serde_json::to_string(&item).unwrap(), serde_json::to_string(&before).unwrap());
}

#[test]
fn a_rule_may_repeat_where_no_condition_ends_and_a_value_is_computed_from_what_changes() {
    let repeats = |yaml: &str| compiled(&format!("id: x\n{yaml}")).rules()[0].may_repeat();
    for yaml in [
        "change: [{set: n, to: item.n + 1}]",
        "where: has(item.a)\nchange: [{set: n, to: item.n + 1}]",
        "change: [{set: b, to: lower(item.a)}, {remove: a}]",
    ] {
        assert!(repeats(yaml), "{yaml}");
    }
    for yaml in [
        "where: has(item.a) && !has(item.b)\nchange: [{set: b, to: lower(item.a)}, {remove: a}]",
        "where: '!has(item.version)'\nchange: [{set: n, to: item.n + 1}, {set: version, to: 2}]",
        "change: [{when: '!has(item.version)', set: n, to: item.n + 1}, {set: version, to: 2}]",
        "change: [{increment_version: {from: 1, to: 2, change: [{set: n, to: item.n + 1}]}}]",
        "where: key.sk.startsWith('ORDER#')\nchange: [{set: total, to: decimal(item.price) * item.count}]",
        "change: [{default: n, to: 1}, {convert: {path: n, to: string}}]",
    ] {
        assert!(!repeats(yaml), "{yaml}");
    }
}
