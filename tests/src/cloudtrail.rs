//! A CloudTrail that answers LookupEvents as AWS does: newest first, 50 events a page. It receives requests in place of the
//! network.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use tableshift_aws::identity::starts::EventHistory;
use tableshift_core::approval::identity::Identity;

use crate::sts::REGION;

const EVENTS_PER_PAGE: usize = 50;

/// The StartExecution calls of an account.
#[derive(Debug, Clone, Default)]
pub struct TestTrail {
    /// Time in epoch seconds and record of each call, newest first.
    calls: Vec<(i64, String)>,
    /// The pages that were requested, as start and end of the requested time.
    requests: Arc<Mutex<Vec<(i64, i64)>>>,
    /// The error code with which every request is answered, if there is one.
    error: Option<&'static str>,
}

impl TestTrail {
    /// Adds the record of a call that started `execution`, at this time in epoch seconds.
    pub fn add(&mut self, by: &Identity, execution: &str, at: i64) {
        let record = json!({
            "eventSource": "states.amazonaws.com",
            "userIdentity": {"arn": by.arn, "principalId": by.user_id, "accountId": by.account},
            "responseElements": {"executionArn": execution}
        });
        let newer = self.calls.partition_point(|(other, _)| *other > at);
        self.calls.insert(newer, (at, record.to_string()));
    }

    /// Makes every request fail with this error code.
    pub fn fail_with(&mut self, code: &'static str) {
        self.error = Some(code);
    }

    /// Start and end of the time that each request asked for.
    pub fn requests(&self) -> Vec<(i64, i64)> {
        self.requests.lock().expect("no test panicked while it held the lock").clone()
    }

    /// The worker's client of this CloudTrail.
    pub fn history(&self) -> EventHistory {
        let credentials = Credentials::new("AKIAworker", "the worker's own", None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(self.clone())
            .build();
        EventHistory::new(aws_sdk_cloudtrail::Client::new(&config)).with_interval(Duration::ZERO)
    }

    fn page(&self, request: &Value) -> Value {
        let (from, until) = (&request["StartTime"], &request["EndTime"]);
        let (from, until) = (from.as_f64().unwrap_or_default() as i64, until.as_f64().unwrap_or_default() as i64);
        self.requests.lock().expect("no test panicked while it held the lock").push((from, until));
        let skip: usize = request["NextToken"].as_str().map_or(0, |token| token.parse().expect("our own token"));
        let mut rest = self.calls.iter().filter(|(at, _)| (from..=until).contains(at)).skip(skip);
        let page = rest.by_ref().take(EVENTS_PER_PAGE);
        let events: Vec<Value> = page.map(|(at, record)| json!({"EventTime": at, "CloudTrailEvent": record})).collect();
        let next = rest.next().map(|_| (skip + EVENTS_PER_PAGE).to_string());
        json!({"Events": events, "NextToken": next})
    }
}

impl HttpClient for TestTrail {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for TestTrail {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let request = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        let (status, body) = match self.error {
            Some(code) => (400u16, json!({"__type": code, "message": "as the test wants it"})),
            None => (200, self.page(&request)),
        };
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body.to_string()))))
    }
}
