use super::*;
use proptest::prelude::*;
use serde_json::json;

const HOST: &str = "sts.eu-central-1.amazonaws.com";
/// 2026-11-22T10:00:00Z.
const NOW: i64 = 1_795_341_600;

fn statement() -> Statement {
    let to = AnswerTo { run: "r-1", plan_hash: "p", report_hash: "r", secret: "s" };
    Statement::answer(to, true, "")
}

/// A URL as a signer makes it, with these parameters replaced or, where the value is `None`, removed.
fn url(changes: &[(&str, Option<&str>)]) -> String {
    let headers = "host;x-tableshift-answer;x-tableshift-plan;x-tableshift-question;x-tableshift-reason;\
                   x-tableshift-report;x-tableshift-run";
    let mut parameters: Vec<(String, String)> = [
        ("Action", "GetCallerIdentity"),
        ("Version", "2011-06-15"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIDEXAMPLE/20261122/eu-central-1/sts/aws4_request"),
        ("X-Amz-Date", "20261122T100000Z"),
        ("X-Amz-Expires", "900"),
        ("X-Amz-SignedHeaders", headers),
        ("X-Amz-Signature", &"0a".repeat(32)),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    for (name, value) in changes {
        parameters.retain(|(found, _)| found != name);
        parameters.extend(value.map(|value| ((*name).to_owned(), value.to_owned())));
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("https://{HOST}/?{query}")
}

fn read(url: &str, now: i64) -> Result<Signature, SignatureError> {
    Signature::read(url, &statement(), HOST, now)
}

#[test]
fn the_query_of_a_signature_is_kept_as_it_was_signed() {
    let url = url(&[("X-Amz-Security-Token", Some("a+b/c=="))]);
    let signature = read(&url, NOW).unwrap();
    assert_eq!(format!("https://{HOST}/?{}", signature.query()), url);
    assert_eq!(signature.hash(), hash::of_bytes("0a".repeat(32).as_bytes()));
}

#[test]
fn a_signature_for_another_host_is_refused() {
    for other in ["evil.example", "sts.eu-central-1.amazonaws.com.evil.example", "sts.amazonaws.com", "127.0.0.1:80"] {
        let url = url(&[]).replace(HOST, other);
        assert_eq!(read(&url, NOW).unwrap_err(), SignatureError::Host { expected: HOST.into(), found: other.into() });
    }
}

#[test]
fn anything_but_a_plain_url_with_a_query_is_refused() {
    let good = url(&[]);
    let odd = [
        "ann".to_owned(),
        good.replace("https://", "ftp://"),
        good.replace("https://", "https://ann@"),
        good.replace("https://", "https://ann:secret@"),
        good.replace("/?", "/latest/meta-data/?"),
        format!("{good}#fragment"),
        format!("{good}\r\nhost: evil.example"),
        format!("{good}&X-Amz-Security-Token={}", "x".repeat(MAX_URL_BYTES)),
    ];
    for url in odd {
        assert!(matches!(read(&url, NOW), Err(SignatureError::Shape(_))), "{url}");
    }
    assert_eq!(read("", NOW), Err(SignatureError::Missing));
}

#[test]
fn another_request_than_get_caller_identity_is_refused() {
    let wrong = [
        ("Action", Some("AssumeRole")),
        ("Action", None),
        ("RoleArn", Some("arn")),
        ("X-Amz-Algorithm", Some("AWS4-ECDSA-P256-SHA256")),
        ("X-Amz-Credential", Some("AKIDEXAMPLE/20261122/eu-central-1/s3/aws4_request")),
        ("X-Amz-Signature", Some("")),
        ("X-Amz-Signature", None),
        ("X-Amz-Date", Some("yesterday")),
        ("X-Amz-Expires", Some("soon")),
    ];
    for change in wrong {
        assert!(matches!(read(&url(&[change]), NOW), Err(SignatureError::Shape(_))), "{change:?}");
    }
    let twice = format!("{}&Action=GetCallerIdentity", url(&[]));
    assert_eq!(read(&twice, NOW), Err(shape("it has `Action` twice")));
}

#[test]
fn every_header_of_the_statement_must_be_signed_and_no_other() {
    for found in ["host", "host;x-tableshift-run", "x-tableshift-run"] {
        let error = read(&url(&[("X-Amz-SignedHeaders", Some(found))]), NOW).unwrap_err();
        assert!(matches!(error, SignatureError::Headers { .. }), "{error}");
    }
    let start = Statement::start("arn", &json!({}));
    assert!(matches!(Signature::read(&url(&[]), &start, HOST, NOW), Err(SignatureError::Headers { .. })));
}

#[test]
fn a_signature_is_valid_for_at_most_fifteen_minutes() {
    let long = url(&[("X-Amz-Expires", Some("604800"))]);
    for (url, now, counts) in [
        (&long, NOW + 900, true),
        (&long, NOW + 901, false),
        (&long, NOW - 300, true),
        (&long, NOW - 301, false),
        (&url(&[("X-Amz-Expires", Some("60"))]), NOW + 61, false),
        (&url(&[("X-Amz-Expires", Some("-1"))]), NOW, false),
    ] {
        assert_eq!(read(url, now).is_ok(), counts, "{now}");
    }
}

#[test]
fn answers_that_differ_in_any_way_are_different_statements() {
    let to = AnswerTo { run: "r-1", plan_hash: "p", report_hash: "r", secret: "s" };
    let all = [
        Statement::answer(to, true, ""),
        Statement::answer(to, false, ""),
        Statement::answer(to, false, "why"),
        Statement::answer(AnswerTo { secret: "t", ..to }, true, ""),
        Statement::answer(AnswerTo { run: "r-2", ..to }, true, ""),
        Statement::answer(AnswerTo { plan_hash: "q", ..to }, true, ""),
        Statement::answer(AnswerTo { report_hash: "q", ..to }, true, ""),
    ];
    for (at, one) in all.iter().enumerate() {
        assert!(all[at + 1..].iter().all(|other| one != other), "{at}");
    }
}

#[test]
fn a_start_is_bound_to_its_execution_and_to_its_input_without_the_signature() {
    let input = json!({"migration": "m", "table": "t"});
    let signed = json!({"table": "t", "requested_by": "https://sts", "migration": "m"});
    assert_eq!(Statement::start("e", &input), Statement::start("e", &signed));
    assert_ne!(Statement::start("e", &input), Statement::start("f", &input));
    assert_ne!(Statement::start("e", &input), Statement::start("e", &json!({"migration": "m", "table": "other"})));
}

#[test]
fn debug_output_contains_no_secret_and_no_session_token() {
    let shown = format!(
        "{:?}",
        Statement::answer(AnswerTo { run: "r", plan_hash: "p", report_hash: "h", secret: "hush" }, true, "")
    );
    assert!(!shown.contains("hush") && shown.contains("x-tableshift-question"), "{shown}");
    let signature = read(&url(&[("X-Amz-Security-Token", Some("hush"))]), NOW).unwrap();
    assert!(!format!("{signature:?}").contains("hush"));
}

proptest! {
    #[test]
    fn no_string_makes_parsing_panic(text in "(https?://[ -~]{0,20}/\\?)?\\PC{0,60}") {
        let _ = read(&text, NOW);
    }

    #[test]
    fn no_parameter_value_makes_parsing_panic(at in 0..8_usize, value in "\\PC{0,40}") {
        let _ = read(&url(&[(Parameters::REQUIRED[at], Some(&value))]), NOW);
    }
}
