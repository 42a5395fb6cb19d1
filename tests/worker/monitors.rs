//! Calendars and alarms, read with the real SDK clients over HTTP.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ssm::config::{Credentials, SharedCredentialsProvider};
use tableshift_aws::Cause;
use tableshift_aws::monitors::alarms::Alarms;
use tableshift_aws::monitors::calendars::Calendars;
use tableshift_core::control::monitor_status::Closed;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// An endpoint that responds to one request with this, and returns the request.
async fn answering(
    status: u16,
    content_type: &str,
    body: impl Into<Vec<u8>>,
) -> (SdkConfig, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let body = body.into();
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: {content_type}\r\nsmithy-protocol: rpc-v2-cbor\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    let asked = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
        while !is_whole(&request) {
            let read = stream.read(&mut buffer).await.unwrap();
            request.extend_from_slice(&buffer[..read]);
        }
        stream.write_all(&[head.into_bytes(), body].concat()).await.unwrap();
        String::from_utf8_lossy(&request).into_owned()
    });
    let credentials = Credentials::new("tests", "tests", None, None, "tests");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint);
    (config.build(), asked)
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, value)| value.trim().parse().unwrap_or(0));
    request.len() >= head.len() + 4 + length
}

async fn calendar(body: &str) -> (Result<Option<Closed>, tableshift_aws::CallError>, String) {
    let (config, asked) = answering(200, "application/x-amz-json-1.1", body).await;
    let calendars = Calendars::new(aws_sdk_ssm::Client::new(&config));
    let found = calendars.closed(&["releases".into(), "holidays".into()]).await;
    (found, asked.await.unwrap())
}

#[tokio::test]
async fn calendars_are_read_together_and_a_closed_one_says_when_it_opens() {
    let closed = r#"{"State":"CLOSED","AtTime":"2026-11-22T10:00:00Z","NextTransitionTime":"2026-11-22T10:05:00Z"}"#;
    let (found, request) = calendar(closed).await;
    assert_eq!(found.unwrap(), Some(Closed { until: Some(1_795_341_900_000) }));
    assert!(request.contains("AmazonSSM.GetCalendarState"), "{request}");
    assert!(request.contains(r#""CalendarNames":["releases","holidays"]"#), "{request}");
    assert_eq!(calendar(r#"{"State":"OPEN"}"#).await.0.unwrap(), None);
    assert_eq!(calendar(r#"{"State":"CLOSED"}"#).await.0.unwrap(), Some(Closed { until: None }));
}

#[tokio::test]
async fn an_unknown_calendar_state_does_not_count_as_open() {
    assert_eq!(calendar(r#"{"State":"AJAR"}"#).await.0.unwrap_err().cause, Cause::Unavailable);
    assert_eq!(calendar("{}").await.0.unwrap_err().cause, Cause::Unavailable);
}

/// A response of DescribeAlarms: metric alarms with their states.
fn described(alarms: &[(&str, &str)]) -> Vec<u8> {
    // CBOR: {"MetricAlarms": [{"AlarmName": name, "StateValue": state}, ...]}
    let text = |text: &str| [&[0x78, text.len() as u8], text.as_bytes()].concat();
    let alarm = |(name, state): &(&str, &str)| {
        [vec![0xa2], text("AlarmName"), text(name), text("StateValue"), text(state)].concat()
    };
    let list: Vec<u8> = alarms.iter().flat_map(alarm).collect();
    [vec![0xa1], text("MetricAlarms"), vec![0x80 | alarms.len() as u8], list].concat()
}

async fn in_alarm(alarms: &[(&str, &str)], names: &[&str]) -> Result<Vec<String>, tableshift_aws::CallError> {
    let (config, asked) = answering(200, "application/cbor", described(alarms)).await;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let found = Alarms::new(aws_sdk_cloudwatch::Client::new(&config)).in_alarm(&names).await;
    let request = asked.await.unwrap();
    assert!(request.contains("DescribeAlarms") && request.contains("CompositeAlarm"), "{request}");
    found
}

#[tokio::test]
async fn only_alarms_in_state_alarm_count_and_insufficient_data_does_not() {
    let alarms = [("latency", "OK"), ("errors", "ALARM"), ("depth", "INSUFFICIENT_DATA")];
    assert_eq!(in_alarm(&alarms, &["latency", "errors", "depth"]).await.unwrap(), ["errors"]);
}

#[tokio::test]
async fn an_alarm_that_does_not_exist_is_an_error_that_names_it() {
    let error = in_alarm(&[("latency", "OK")], &["latency", "typo"]).await.unwrap_err();
    assert_eq!(error.cause, Cause::NotFound);
    assert!(tableshift_runtime::chain(&error).contains("there is no alarm `typo`"));
}
