use super::*;
use ConvertTo::{
    Binary as Bytes, BinarySet, Boolean, EpochSeconds, IsoTime, List, Number, NumberSet, String as Text, StringSet,
};

fn converted(json: &str, to: ConvertTo) -> String {
    let value: Value = serde_json::from_str(json).unwrap();
    match convert(&value, to) {
        Ok(Some(value)) => serde_json::to_string(&value).unwrap(),
        Ok(None) => "unchanged".into(),
        Err(reason) => reason,
    }
}

#[test]
fn conversions_are_exact() {
    let long = "12345678901234567890123456789012345678";
    let cases = [
        (r#"{"S":"007.50"}"#, Number, r#"{"N":"7.5"}"#.to_owned()),
        (&format!(r#"{{"S":"{long}"}}"#), Number, format!(r#"{{"N":"{long}"}}"#)),
        (&format!(r#"{{"N":"{long}"}}"#), Text, format!(r#"{{"S":"{long}"}}"#)),
        (r#"{"BOOL":true}"#, Text, r#"{"S":"true"}"#.into()),
        (r#"{"S":"false"}"#, Boolean, r#"{"BOOL":false}"#.into()),
        (r#"{"N":"1"}"#, Boolean, r#"{"BOOL":true}"#.into()),
        (r#"{"S":"2026-11-22T11:00:00+01:00"}"#, EpochSeconds, r#"{"N":"1795341600"}"#.into()),
        (r#"{"N":"1795341600"}"#, IsoTime, r#"{"S":"2026-11-22T10:00:00Z"}"#.into()),
        (r#"{"NS":["10","9"]}"#, List, r#"{"L":[{"N":"9"},{"N":"10"}]}"#.into()),
        (r#"{"L":[{"S":"b"},{"S":"a"},{"S":"b"}]}"#, StringSet, r#"{"SS":["a","b"]}"#.into()),
        (r#"{"L":[{"N":"1"},{"N":"1.0"}]}"#, NumberSet, r#"{"NS":["1"]}"#.into()),
        (r#"{"L":[{"B":"AA=="}]}"#, BinarySet, r#"{"BS":["AA=="]}"#.into()),
        (r#"{"S":"AA=="}"#, Bytes, r#"{"B":"AA=="}"#.into()),
    ];
    for (before, to, after) in cases {
        assert_eq!(converted(before, to), after, "{before}");
    }
}

#[test]
fn what_has_the_type_already_stays_as_it_is() {
    let cases = [
        (r#"{"N":"1.50"}"#, Number),
        (r#"{"S":""}"#, Text),
        (r#"{"BOOL":false}"#, Boolean),
        (r#"{"N":"1"}"#, EpochSeconds),
        (r#"{"S":"2026-11-22T11:00:00+01:00"}"#, IsoTime),
        (r#"{"L":[]}"#, List),
        (r#"{"SS":["a"]}"#, StringSet),
        (r#"{"NS":["1"]}"#, NumberSet),
        (r#"{"BS":["AA=="]}"#, BinarySet),
        (r#"{"B":""}"#, Bytes),
    ];
    for (value, to) in cases {
        assert_eq!(converted(value, to), "unchanged", "{value}");
    }
}

#[test]
fn what_has_no_exact_form_is_refused_without_its_value() {
    let cases = [
        (r#"{"S":"twelve"}"#, Number),
        (r#"{"S":""}"#, Number),
        (r#"{"BOOL":true}"#, Number),
        (r#"{"L":[]}"#, Text),
        (r#"{"B":"AA=="}"#, Text),
        (r#"{"S":"yes"}"#, Boolean),
        (r#"{"N":"2"}"#, Boolean),
        (r#"{"S":"yesterday"}"#, EpochSeconds),
        (r#"{"N":"1e40"}"#, IsoTime),
        (r#"{"S":"yesterday"}"#, IsoTime),
        (r#"{"S":"twelve"}"#, List),
        (r#"{"L":[]}"#, StringSet),
        (r#"{"L":[{"S":"twelve"},{"N":"1"}]}"#, StringSet),
        (r#"{"L":[{"S":"twelve"}]}"#, NumberSet),
        (r#"{"SS":["twelve"]}"#, BinarySet),
        (r#"{"S":"?"}"#, Bytes),
    ];
    for (value, to) in cases {
        let reason = converted(value, to);
        assert!(reason.starts_with("is of type") || reason.starts_with("holds "), "{value}: {reason}");
        assert!(!reason.contains("twelve") && !reason.contains("yesterday"), "{reason}");
    }
}
