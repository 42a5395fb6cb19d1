use super::*;
use std::path::PathBuf;

const RUN: &str = "release-42";

fn notice(event: Event<'_>) -> Notice<'_> {
    let counted = matches!(event, Event::DryRunPassed | Event::Verified | Event::Applied);
    let counts = if counted { vec![("already_done", 10), ("changed", 28_000), ("scanned", 28_010)] } else { vec![] };
    Notice {
        event,
        // 2026-11-22T10:00:00.5Z
        at: 1_795_341_600_500,
        stage: "prod",
        run: RUN,
        table: Some("prod-main-table"),
        migration: Some("20261122-split-address"),
        execution: "arn:aws:states:eu-central-1:111122223333:execution:tableshift-prod-migrate-table:release-42",
        bucket: "tableshift-prod-bucket",
        reported: !matches!(event, Event::Started { .. } | Event::Done { .. }),
        counts: counts.into_iter().map(|(name, count)| (name.to_owned(), count)).collect(),
    }
}

/// One of each, by the name of its golden file.
fn samples() -> Vec<(&'static str, Event<'static>)> {
    let cause = "the verdict was bad: 5 items are late; every item that was still as the run left it was restored";
    vec![
        ("started", Event::Started { action: Action::Migrate }),
        ("started-roll-back", Event::Started { action: Action::RollBack }),
        ("dry-run-passed", Event::DryRunPassed),
        ("waiting", Event::Waiting { answer_by: "2026-11-23T10:00:00Z" }),
        ("writing", Event::Writing),
        ("paused", Event::Paused { reason: "paused: checking the graphs", by_operator: true }),
        (
            "paused-by-window",
            Event::Paused { reason: "the window is closed until 2026-11-22T22:00:00Z", by_operator: false },
        ),
        ("verified", Event::Verified),
        ("applied", Event::Applied),
        ("rolled-back", Event::RolledBack { because: None }),
        ("rolled-back-by-verdict", Event::RolledBack { because: Some(("RolledBack", cause)) }),
        ("failed", Event::Failed { error: "LockHeld", cause: "run q holds the lock of prod-main-table" }),
        ("done", Event::Done { already_applied: None }),
        ("done-before", Event::Done { already_applied: Some(("r-1", "2026-11-20T10:00:00Z")) }),
    ]
}

/// The whole message as one string.
fn shown(message: &Message) -> String {
    let json: serde_json::Value = serde_json::from_str(&message.json).unwrap();
    let json = serde_json::to_string_pretty(&json).unwrap();
    let attributes: Vec<_> = message.attributes.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("Attributes: {}\nSubject: {}\n\n{}\n{json}\n", attributes.join(" "), message.subject, message.text)
}

#[test]
fn each_message_is_the_one_in_its_golden_file() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messages"));
    for (name, event) in samples() {
        let (path, found) = (folder.join(format!("{name}.txt")), shown(&notice(event).message()));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, golden, "{name}: to accept the new text, run UPDATE_GOLDEN=1 cargo test -p tableshift-core");
    }
}

#[test]
fn every_event_has_a_sample() {
    let names: std::collections::BTreeSet<_> = samples().iter().map(|(_, event)| event.name()).collect();
    assert_eq!(names, Event::NAMES.into_iter().collect());
}

#[test]
fn unknown_fields_are_left_out_and_no_attribute_is_empty() {
    let failed = Event::Failed { error: "InvalidInput", cause: "no table" };
    let message = Notice { table: None, migration: None, reported: false, ..notice(failed) }.message();
    let names: Vec<_> = message.attributes.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["event", "stage", "run"]);
    let json: serde_json::Value = serde_json::from_str(&message.json).unwrap();
    assert!(json.get("table").is_none() && json["links"].get("report").is_none(), "{json}");
    assert!(!message.text.contains("Table:") && !message.text.contains("Report:"), "{}", message.text);
    assert_eq!(
        Notice { run: "", ..notice(failed) }.message().attributes.iter().filter(|(name, _)| *name == "run").count(),
        0
    );
}

#[test]
fn without_console_links_the_text_contains_arn_and_s3_address() {
    let arn = "arn:aws-cn:states:cn-north-1:1:execution:m:release-42";
    let message = Notice { execution: arn, ..notice(Event::Verified) }.message();
    assert!(message.text.contains(&format!("Execution:  {arn}\n")), "{}", message.text);
    assert!(message.text.contains("Report:     s3://tableshift-prod-bucket/runs/release-42/report.json\n"));
}

#[test]
fn a_custom_text_is_also_in_the_json_document() {
    let message = notice(Event::Writing).message_with("subject".into(), "text".into());
    let json: serde_json::Value = serde_json::from_str(&message.json).unwrap();
    assert_eq!(
        (&json["subject"], &json["text"], &json["event"]),
        (&"subject".into(), &"text".into(), &"writing".into())
    );
}

#[test]
fn a_long_cause_is_shortened_to_fit_into_a_message() {
    let cause = "ü".repeat(40_000);
    let message = notice(Event::Failed { error: "Internal", cause: &cause }).message();
    assert!(message.json.len() + message.text.len() < 200_000, "{}", message.json.len());
}
