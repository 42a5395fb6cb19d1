use super::*;
use crate::language::document::step::Action;

const YAML: &str =
    "id: 20261122-x\nwhere: has(item.a)\nchange:\n  - set: b\n    to: 2\n  - rename: { from: zip, to: postalCode }\n";

#[test]
fn yaml_and_json_of_the_same_migration_have_the_same_hash() {
    let yaml = Document::from_yaml(YAML).unwrap();
    let json = Document::from_json(&serde_json::to_value(&yaml).unwrap()).unwrap();
    assert_eq!(yaml, json);
    assert_eq!(yaml.hash(), json.hash());
    assert_eq!(yaml.hash().len(), 64);
}

#[test]
fn the_hash_of_a_document_never_changes() {
    let hash = "c78091fd5e9dd16926621483ad2eb29947f3047bcb57c725b7acb22136cb9483";
    assert_eq!(Document::from_yaml(YAML).unwrap().hash(), hash);
}

#[test]
fn unknown_fields_are_refused_by_name() {
    let error = Document::from_yaml("id: x\nchnage: []\n").unwrap_err();
    let DocumentError::Yaml(source) = error else { panic!("{error}") };
    assert!(source.to_string().contains("chnage"), "{source}");
}

#[test]
fn malformed_yaml_names_its_line() {
    let DocumentError::Yaml(source) = Document::from_yaml("id: x\n  change: [").unwrap_err() else { panic!() };
    assert!(source.to_string().contains("line 2"), "{source}");
}

#[test]
fn a_number_that_would_be_rounded_is_refused_with_its_line() {
    for number in ["0.10000000000000000001", "100000000000000000000001", "1234567890.1234567890123"] {
        let error = Document::from_yaml(&format!("id: x\nchange:\n- set: a\n  to: {number}\n")).unwrap_err();
        assert!(error.to_string().starts_with(&format!("line 4 of the migration document has the number {number}")));
    }
    for number in ["0.1", "1e20", "18446744073709551615", "'0.10000000000000000001'", "1.50"] {
        assert!(Document::from_yaml(&format!("id: x\nchange: [{{set: a, to: {number}}}]")).is_ok(), "{number}");
    }
}

#[test]
fn only_true_and_false_are_booleans_and_infinity_is_refused() {
    let to = |word: &str| {
        let document = Document::from_yaml(&format!("id: x\nchange: [{{set: a, to: [{word}]}}]")).unwrap();
        let Action::Set { to, .. } = &document.change[0].action else { panic!("{document:?}") };
        to[0].clone()
    };
    for word in ["y", "no", "on", "Off", "YES", "n"] {
        assert_eq!(to(word), serde_json::json!(word));
    }
    assert_eq!(to("true"), serde_json::json!(true));
    for number in [".inf", "-.INF", ".nan"] {
        assert!(Document::from_yaml(&format!("id: x\nchange: [{{set: a, to: {number}}}]")).is_err(), "{number}");
    }
}
