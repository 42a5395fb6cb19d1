//! Finds who called StartExecution for an execution, from CloudTrail's records. Records come minutes later, and not at all where the
//! account's event history cannot be read.

use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use serde::Deserialize;
use tableshift_core::approval::identity::Identity;

use crate::error::CallError;

/// How far the clocks of CloudTrail and Step Functions may differ, in seconds.
const MARGIN_SECONDS: i64 = 60;
/// The most pages of 50 events that one window of time may have. An account that starts more executions in two minutes
/// cannot use approvals that depend on CloudTrail.
const MAX_PAGES: usize = 20;

/// Finding out who started an execution.
pub trait FindCallers {
    /// The caller of each StartExecution call for this execution, from its start until now (both in epoch seconds). Empty if
    /// there is no record, or not yet.
    async fn callers(&self, execution: &str, started: i64, now: i64) -> Result<Vec<Identity>, CallError>;
}

/// The account's event history.
#[derive(Debug, Clone)]
pub struct EventHistory {
    client: aws_sdk_cloudtrail::Client,
}

/// More events than [`MAX_PAGES`] allow.
#[derive(Debug, thiserror::Error)]
#[error(
    "CloudTrail has more StartExecution calls in two minutes than this function reads, so some callers may be missing"
)]
struct TooManyEvents;

impl EventHistory {
    /// The event history that `client` reaches.
    pub fn new(client: aws_sdk_cloudtrail::Client) -> Self {
        Self { client }
    }

    /// The callers in a window of time, and whether all of the window was read.
    async fn callers_between(
        &self,
        execution: &str,
        from: i64,
        until: i64,
    ) -> Result<(Vec<Identity>, bool), CallError> {
        let named = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value("StartExecution")
            .build()
            .map_err(|error| CallError::refused("LookupEvents", execution, error))?;
        let request = self.client.lookup_events().lookup_attributes(named);
        let request = request.start_time(DateTime::from_secs(from)).end_time(DateTime::from_secs(until));
        let (mut found, mut next) = (Vec::new(), None);
        for _ in 0..MAX_PAGES {
            let answer = request.clone().set_next_token(next).send().await;
            let answer = answer.map_err(|error| CallError::new("LookupEvents", execution, error))?;
            let records = answer.events().iter().filter_map(|event| event.cloud_trail_event());
            found.extend(records.filter_map(|record| caller_in(record, execution)));
            next = answer.next_token;
            if next.is_none() {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }
}

impl FindCallers for EventHistory {
    async fn callers(&self, execution: &str, started: i64, now: i64) -> Result<Vec<Identity>, CallError> {
        let start = started.saturating_add(MARGIN_SECONDS);
        let (mut callers, is_whole) =
            self.callers_between(execution, started.saturating_sub(MARGIN_SECONDS), start).await?;
        if !is_whole {
            return Err(CallError::refused("LookupEvents", execution, TooManyEvents));
        }
        // A repeated call changes nothing, and only adds a requester: what is not read of a busy account does no harm.
        if now > start {
            callers.extend(self.callers_between(execution, start, now).await?.0);
        }
        Ok(callers)
    }
}

/// Who made the call, if the record is that of a StartExecution of this execution that succeeded.
/// Source: CloudTrail user guide, *CloudTrail record contents* and *userIdentity element*.
fn caller_in(record: &str, execution: &str) -> Option<Identity> {
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
    if record.event_source != "states.amazonaws.com" || started != execution {
        return None;
    }
    let Caller { arn, principal_id, account_id } = record.user_identity;
    Some(Identity { arn: arn?, user_id: principal_id?, account: account_id? })
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
        caller_in(&record.to_string(), EXECUTION)
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
        assert_eq!(caller_in("no record", EXECUTION), None);
    }
}
