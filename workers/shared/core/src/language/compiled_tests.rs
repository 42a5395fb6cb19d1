use super::*;
use crate::value::Value;

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
    assert_eq!(change.after.keys().collect::<Vec<_>>(), ["addressDetails", "postalCode", "version", "zip"]);
    assert_eq!(change.after["zip"], None);
    assert_eq!(change.after["postalCode"], Some(Value::s("02134")));
    assert_eq!(change.guard.keys().collect::<Vec<_>>(), ["address", "addressDetails", "postalCode", "version", "zip"]);
    let mut new = old.clone();
    for (name, value) in change.after {
        match value {
            Some(value) => drop(new.insert(name, value)),
            None => drop(new.remove(&name)),
        }
    }
    assert_eq!(migration.apply(&new), Outcome::AlreadyDone);
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
    assert_eq!(change.after["b"].as_ref(), Some(&value));
    assert_eq!(change.after["c"].as_ref(), Some(&value));
    assert_eq!((change.after["a"].as_ref(), change.after["d"].as_ref()), (None, None));
}

#[test]
fn faulty_documents_are_refused_by_step_and_field() {
    assert_eq!(
        refused("id: a b\nchange: [{remove: x}]"),
        "`id` is `a b`; write 1 to 80 letters, digits, `.`, `_` and `-`"
    );
    assert_eq!(refused("id: a\nchange: []"), "`change` has no step; write at least one");
    assert_eq!(refused("id: a\nchange: [{set: x}]"), "step 1 lacks `to`: what to set");
    assert_eq!(
        refused("id: a\nchange: [{remove: x, set: y, to: 1}]"),
        "step 1 does several things; write one action a step"
    );
    assert!(
        refused("id: a\nwhere: item.\nchange: [{remove: x}]")
            .starts_with("`where` cannot be compiled: it is not a CEL expression")
    );
    assert_eq!(
        refused("id: a\nchange: [{remove: x}, {set: y, to: name}]"),
        "`step 2: to` cannot be compiled: it names `name`, which does not exist; write `item.name` for the attribute, or quote it for a text"
    );
}

#[test]
fn key_attributes_cannot_be_touched() {
    let error = compiled("id: a\nchange: [{set: pk.x, to: 1}]").check_keys(&["pk".into()]).unwrap_err();
    assert!(error.to_string().contains("`pk`"));
}
