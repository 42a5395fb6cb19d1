use super::*;

fn read(step: serde_json::Value) -> Result<Step, String> {
    serde_json::from_value(step).map_err(|error| error.to_string())
}

#[test]
fn a_step_without_exactly_one_action_is_refused() {
    let refused = |step| read(step).unwrap_err();
    assert!(refused(serde_json::json!({})).starts_with("does nothing; write one of `set`, `default`, "));
    assert!(refused(serde_json::json!({"when": "true"})).starts_with("does nothing"));
    assert_eq!(
        refused(serde_json::json!({"remove": "x", "set": "y", "to": 1})),
        "does several things; write one action a step"
    );
    assert_eq!(refused(serde_json::json!({"set": "x"})), "lacks `to`: what to set");
    assert_eq!(refused(serde_json::json!({"remove": "x", "to": 1})), "has a `to` that only `set` and `default` take");
}

#[test]
fn a_step_is_written_as_it_was_read() {
    let steps = [
        r#"{"when":"has(item.b)","set":"a","to":1}"#,
        r#"{"default":"a","to":"item.b"}"#,
        r#"{"rename":{"from":"a","to":"b","keep":true}}"#,
        r#"{"copy":{"from":"a","to":"b"}}"#,
        r#"{"move":{"from":"a","to":"b"}}"#,
        r#"{"remove":"a"}"#,
        r#"{"convert":{"path":"a","to":"number"}}"#,
        r#"{"map_values":{"path":"a","values":{"X":"y"},"otherwise":{"set":null}}}"#,
        r#"{"increment_version":{"from":1,"to":2,"change":[{"when":"item.on","remove":"c"}]}}"#,
    ];
    for step in steps {
        let read: Step = serde_json::from_str(step).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), step);
    }
}
