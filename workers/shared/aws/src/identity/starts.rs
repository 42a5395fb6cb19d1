//! Who started an execution, as CloudTrail recorded it. It comes minutes later, and not at all where the account's event
//! history cannot be read.

use aws_sdk_cloudtrail::primitives::DateTime;
use aws_sdk_cloudtrail::types::{LookupAttribute, LookupAttributeKey};
use serde::Deserialize;
use tableshift_core::approval::identity::Identity;

use crate::error::CallError;

/// How far CloudTrail's clock and that of Step Functions may differ, in seconds.
const MARGIN_SECONDS: i64 = 60;
/// How many events are looked at: an account that starts more executions in two minutes needs signed starts.
const MOST_PAGES: usize = 10;

/// Asking who started an execution.
pub trait FindStarter {
    /// Who started the execution at this time (epoch seconds); none if there is no record, or not yet.
    async fn starter(&self, execution: &str, started: i64) -> Result<Option<Identity>, CallError>;
}

/// The account's event history.
#[derive(Debug, Clone)]
pub struct EventHistory {
    client: aws_sdk_cloudtrail::Client,
}

impl EventHistory {
    /// The event history that `client` reaches.
    pub fn new(client: aws_sdk_cloudtrail::Client) -> Self {
        Self { client }
    }
}

impl FindStarter for EventHistory {
    async fn starter(&self, execution: &str, started: i64) -> Result<Option<Identity>, CallError> {
        let named = LookupAttribute::builder()
            .attribute_key(LookupAttributeKey::EventName)
            .attribute_value("StartExecution")
            .build()
            .map_err(|error| CallError::refused("LookupEvents", execution, error))?;
        let request = self.client.lookup_events().lookup_attributes(named);
        let request = request.start_time(DateTime::from_secs(started - MARGIN_SECONDS));
        let request = request.end_time(DateTime::from_secs(started + MARGIN_SECONDS));
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let answer = request.clone().set_next_token(next).send().await;
            let answer = answer.map_err(|error| CallError::new("LookupEvents", execution, error))?;
            let records = answer.events().iter().filter_map(|event| event.cloud_trail_event());
            if let Some(found) = records.filter_map(|record| starter_in(record, execution)).next() {
                return Ok(Some(found));
            }
            next = answer.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(None)
    }
}

/// Who made the call, if the record is that of this execution's start.
/// Source: CloudTrail user guide, *CloudTrail record contents* and *userIdentity element*.
fn starter_in(record: &str, execution: &str) -> Option<Identity> {
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
        starter_in(&record.to_string(), EXECUTION)
    }

    #[test]
    fn the_record_of_the_start_names_the_starter() {
        let ann = found(|_| {}).unwrap();
        assert_eq!(ann.arn, "arn:aws:sts::111122223333:assumed-role/Release/ann");
        assert_eq!((ann.user_id.as_str(), ann.account.as_str()), ("AROAEXAMPLE:ann", "111122223333"));
    }

    #[test]
    fn a_failed_start_another_execution_s_and_a_service_s_name_nobody() {
        assert_eq!(found(|record| record["responseElements"] = Value::Null), None);
        assert_eq!(found(|record| record["responseElements"]["executionArn"] = json!("arn:other")), None);
        assert_eq!(found(|record| record["eventSource"] = json!("lambda.amazonaws.com")), None);
        assert_eq!(found(|record| record["userIdentity"] = json!({"type": "AWSService"})), None);
        assert_eq!(starter_in("no record", EXECUTION), None);
    }
}
