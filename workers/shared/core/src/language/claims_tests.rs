use super::*;
use crate::language::document::Document;

fn compiled(yaml: &str) -> Compiled {
    Compiled::of(&Document::from_yaml(&format!("id: x\n{yaml}")).unwrap()).unwrap()
}

#[test]
fn a_migration_whose_where_is_false_after_it_is_shown_to_be_idempotent() {
    for yaml in [
        "where: has(item.a) && !has(item.b)\nchange: [{set: b, to: item.a}]",
        "where: '!has(item.version)'\nchange: [{rename: {from: tz, to: zone}}, {set: version, to: 2}]",
        "where: item.version == 1\nchange: [{set: version, to: 2}]",
        "where: item.version < 2\nchange: [{set: version, to: 2}]",
        "where: has(item.a)\nchange: [{rename: {from: a, to: b}}]",
        "where: has(item.price) && type(item.price) == 'S'\nchange: [{convert: {path: price, to: number}}]",
        "where: item.s in ['OPEN', 'DONE']\nchange: [{map_values: {path: s, values: {OPEN: active, DONE: closed}}}]",
        "where: item.s == 'x'\nchange: [{set: s, to: \"'y'\"}]",
        "where: item.on\nchange: [{set: 'on', to: false}]",
        "rules: [{where: item.t == 'a' && has(item.a), change: [{remove: a}]}, {where: item.t == 'b' && !has(item.b), change: [{set: b, to: 1}]}]",
    ] {
        assert!(compiled(yaml).is_shown_idempotent(), "{yaml}");
    }
}

#[test]
fn steps_that_find_their_work_done_need_no_where() {
    for yaml in [
        "change: [{default: tags, to: []}]",
        "change: [{remove: a}, {default: b, to: 1}]",
        "change: [{set: a, to: 1}]",
        "where: item.version < 3\nchange: [{increment_version: {from: 1, to: 2, change: [{set: a, to: 1}]}}, {increment_version: {from: 2, to: 3}}]",
        "change: [{when: '!has(item.a)', set: a, to: sha256(item.b)}]",
    ] {
        assert!(compiled(yaml).is_shown_idempotent(), "{yaml}");
    }
}

#[test]
fn what_cannot_be_shown_is_not_claimed() {
    for yaml in [
        "change: [{set: n, to: item.n + 1}]",
        "where: has(item.a)\nchange: [{set: b, to: item.a}]",
        "where: has(item.a)\nchange: [{rename: {from: a, to: b}}, {rename: {from: b, to: a}}]",
        "where: item.l.exists(x, x == 1)\nchange: [{remove: 'l[0]'}]",
        // The second rule may be for what the first one leaves.
        "rules: [{where: has(item.a), change: [{remove: a}]}, {where: '!has(item.b)', change: [{set: b, to: 1}]}]",
        "change: [{convert: {path: a, to: iso_time}}]",
        "change: [{map_values: {path: s, values: {a: b, b: c}}}]",
        "rules: [{where: has(item.a), change: [{rename: {from: a, to: b}}]}, {where: has(item.b), change: [{set: c, to: item.b}]}]",
    ] {
        assert!(!compiled(yaml).is_shown_idempotent(), "{yaml}");
    }
}

#[test]
fn conditions_that_are_constant_are_found() {
    let constant = |condition: &str| {
        let found = compiled(&format!("where: {condition}\nchange: [{{remove: a}}]")).constant_conditions();
        found.first().map(|constant| constant.holds)
    };
    assert_eq!(constant("'true'"), Some(true));
    assert_eq!(constant("has(item.a) || !has(item.a)"), Some(true));
    assert_eq!(constant("has(item.a) && !has(item.a)"), Some(false));
    assert_eq!(constant("item.v == 1 && item.v == 2"), Some(false));
    assert_eq!(constant("item.v == 1 && item.v > 5"), Some(false));
    assert_eq!(constant("item.v == 1 || item.v != 1"), None);
    assert_eq!(constant("has(item.a)"), None);
    let when = compiled("change: [{when: 'false', remove: a}]").constant_conditions();
    assert_eq!(when[0].field.to_string(), "step 1: when");
}

#[test]
fn what_undoes_a_migration_is_known_where_nothing_is_lost() {
    let undo = |yaml: &str| compiled(yaml).inverse_steps().map(|steps| serde_json::to_string(&steps).unwrap());
    assert_eq!(
        undo("where: has(item.a) && !has(item.b) && item.version == 1\nchange: [{rename: {from: a, to: b}}, {set: version, to: 2}]").unwrap(),
        r#"[{"set":"version","to":"number('1')"},{"rename":{"from":"b","to":"a"}}]"#
    );
    assert_eq!(undo("where: '!has(item.b)'\nchange: [{set: b, to: 1}]").unwrap(), r#"[{"remove":"b"}]"#);
    assert_eq!(undo("where: has(item.a)\nchange: [{rename: {from: a, to: b}}]"), None);
    assert_eq!(undo("where: has(item.a)\nchange: [{remove: a}]"), None);
    assert_eq!(undo("change: [{convert: {path: a, to: number}}]"), None);
}

#[test]
fn what_the_table_reads_itself_is_told() {
    let table: Table = serde_json::from_value(serde_json::json!({
        "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {"gsi": "S"}, "items": 0, "bytes": 0,
        "time_to_live": "expires", "point_in_time_recovery": true, "replicas": 0, "indexes": 1, "stream": false
    }))
    .unwrap();
    let touches = compiled("change: [{set: gsi, to: 1}, {remove: expires}, {set: pk.x, to: 1}, {remove: other}]")
        .touches_of(&table);
    let told: Vec<String> = touches.iter().map(|t| format!("{} {} {:?}", t.field, t.attribute, t.role)).collect();
    assert_eq!(told, ["step 1 gsi IndexKey(\"S\")", "step 2 expires TimeToLive", "step 3 pk Key"]);
}
