//! Finds who called StartExecution for an execution, from CloudTrail's records. Records come minutes later, and not at all
//! where the account's event history cannot be read.

use std::time::Duration;

use aws_sdk_cloudtrail::operation::lookup_events::LookupEventsOutput;
use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{Event, LookupAttribute, LookupAttributeKey};
use serde::Deserialize;
use tableshift_core::approval::identity::Identity;
use tokio::time::{Instant, sleep_until};

use crate::error::CallError;

/// The time between two requests. Source: CloudTrail API reference, LookupEvents: two requests a second for an account and
/// Region.
const REQUEST_INTERVAL: Duration = Duration::from_millis(500);

/// The part of the event history to search, in epoch seconds, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The start.
    pub from: i64,
    /// The end.
    pub until: i64,
}

/// How much one search may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchLimit {
    /// The most requests, each of which returns up to 50 events.
    pub requests: usize,
    /// The time after which no further request is sent.
    pub time: Duration,
}

/// What a search found. What was found before it stopped counts, whatever stopped it.
#[derive(Debug, Default)]
pub struct FoundCallers {
    /// The execution and the caller of each StartExecution call.
    pub callers: Vec<(String, Identity)>,
    /// The search goes from the newest event to the oldest. The events up to this time, in epoch seconds, were not all
    /// read. `None`: all of the span was read.
    pub unread_until: Option<i64>,
    /// Why a request failed, if that stopped the search.
    pub error: Option<CallError>,
}

/// Finds who started executions.
pub trait FindCallers {
    /// The caller of each StartExecution call for one of these executions.
    async fn callers(&self, executions: &[&str], span: Span, limit: SearchLimit) -> FoundCallers;
}

/// The account's event history in CloudTrail.
#[derive(Debug, Clone)]
pub struct EventHistory {
    client: aws_sdk_cloudtrail::Client,
    interval: Duration,
}

impl EventHistory {
    /// The event history that `client` reaches.
    pub fn new(client: aws_sdk_cloudtrail::Client) -> Self {
        Self { client, interval: REQUEST_INTERVAL }
    }

    /// The same event history with another time between two requests.
    pub fn with_interval(self, interval: Duration) -> Self {
        Self { interval, ..self }
    }

    async fn page(&self, span: Span, next: Option<String>) -> Result<LookupEventsOutput, CallError> {
        let named = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value("StartExecution")
            .build()
            .map_err(|error| CallError::refused("LookupEvents", "StartExecution", error))?;
        let request = self.client.lookup_events().lookup_attributes(named);
        let request = request.start_time(DateTime::from_secs(span.from)).end_time(DateTime::from_secs(span.until));
        let answer = request.set_next_token(next).send().await;
        answer.map_err(|error| CallError::new("LookupEvents", "the events named StartExecution", error))
    }
}

impl FindCallers for EventHistory {
    async fn callers(&self, executions: &[&str], span: Span, limit: SearchLimit) -> FoundCallers {
        let mut found = FoundCallers { unread_until: Some(span.until), ..FoundCallers::default() };
        let begun = Instant::now();
        let (mut due, mut next) = (begun, None);
        for _ in 0..limit.requests {
            if due.duration_since(begun) >= limit.time {
                break;
            }
            sleep_until(due).await;
            due = Instant::now() + self.interval;
            let page = match self.page(span, next).await {
                Ok(page) => page,
                Err(error) => {
                    found.error = Some(error);
                    break;
                }
            };
            let records = page.events().iter().filter_map(Event::cloud_trail_event);
            found.callers.extend(records.filter_map(|record| caller_in(record, executions)));
            next = page.next_token.clone();
            if next.is_none() {
                found.unread_until = None;
                break;
            }
            found.unread_until = oldest(page.events()).or(found.unread_until);
        }
        found
    }
}

/// The time of the oldest event in epoch seconds, rounded up: there may be unread events in the same second.
fn oldest(events: &[Event]) -> Option<i64> {
    let times = events.iter().filter_map(Event::event_time);
    times.map(|time| time.secs() + i64::from(time.subsec_nanos() > 0)).min()
}

/// The execution and who made the call, if the record is that of a StartExecution of one of these executions that succeeded.
/// Source: CloudTrail user guide, *CloudTrail record contents* and *userIdentity element*.
fn caller_in(record: &str, executions: &[&str]) -> Option<(String, Identity)> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Record {
        event_source: String,
        user_identity: Caller,
        // Null on a call that failed.
        response_elements: Option<Started>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Caller {
        // A service that calls by itself has none of these.
        arn: Option<String>,
        principal_id: Option<String>,
        account_id: Option<String>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Started {
        execution_arn: Option<String>,
    }
    let record: Record = serde_json::from_str(record).ok()?;
    let started = record.response_elements?.execution_arn?;
    if record.event_source != "states.amazonaws.com" || !executions.contains(&started.as_str()) {
        return None;
    }
    let Caller { arn, principal_id, account_id } = record.user_identity;
    Some((started, Identity { arn: arn?, user_id: principal_id?, account: account_id? }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const EXECUTION: &str = "arn:aws:states:eu-central-1:111122223333:execution:tableshift-prod-migrate-table:r-1";

    fn record() -> Value {
        json!({
            "eventVersion": "1.08", "eventSource": "states.amazonaws.com", "eventName": "StartExecution",
            "userIdentity": {
                "type": "AssumedRole", "principalId": "AROAEXAMPLE:ann", "accountId": "111122223333",
                "arn": "arn:aws:sts::111122223333:assumed-role/Release/ann"
            },
            "requestParameters": {"name": "r-1", "input": "HIDDEN_DUE_TO_SECURITY_REASONS"},
            "responseElements": {"executionArn": EXECUTION, "startDate": "Nov 22, 2026, 10:00:00 AM"}
        })
    }

    fn found(change: impl Fn(&mut Value)) -> Option<Identity> {
        let mut record = record();
        change(&mut record);
        caller_in(&record.to_string(), &["arn:earlier", EXECUTION]).map(|(_, caller)| caller)
    }

    #[test]
    fn the_record_of_the_start_names_the_starter() {
        let ann = found(|_| {}).unwrap();
        assert_eq!(ann.arn, "arn:aws:sts::111122223333:assumed-role/Release/ann");
        assert_eq!((ann.user_id.as_str(), ann.account.as_str()), ("AROAEXAMPLE:ann", "111122223333"));
    }

    #[test]
    fn a_record_of_a_failed_start_or_another_execution_or_a_service_has_no_caller() {
        assert_eq!(found(|record| record["responseElements"] = Value::Null), None);
        assert_eq!(found(|record| record["responseElements"]["executionArn"] = json!("arn:other")), None);
        assert_eq!(found(|record| record["eventSource"] = json!("lambda.amazonaws.com")), None);
        assert_eq!(found(|record| record["userIdentity"] = json!({"type": "AWSService"})), None);
        assert_eq!(caller_in("no record", &[EXECUTION]), None);
    }
}
