//! Reads CloudWatch alarms. A run is on hold while one of its alarms is in ALARM.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

use crate::error::CallError;

/// The alarms of this account and Region.
#[derive(Debug, Clone)]
pub struct Alarms {
    client: aws_sdk_cloudwatch::Client,
}

impl Alarms {
    /// Uses this client.
    pub fn new(client: aws_sdk_cloudwatch::Client) -> Self {
        Self { client }
    }

    /// Which of these alarms are in ALARM, in the order of `names`, of which there may be 100. INSUFFICIENT_DATA does not
    /// count: many alarms are in that state while nothing happens. An alarm that does not exist is an error, because one
    /// with a misspelled name would never stop the run.
    ///
    /// Source: CloudWatch API reference, DescribeAlarms: at most 100 names in a request and 100 alarms in an answer; it
    /// returns composite alarms only on request, and leaves out names that do not exist.
    pub async fn in_alarm(&self, names: &[String]) -> Result<Vec<String>, CallError> {
        let resource = names.join(", ");
        let request = self.client.describe_alarms().set_alarm_names(Some(names.to_vec()));
        let request = request.alarm_types(AlarmType::MetricAlarm).alarm_types(AlarmType::CompositeAlarm);
        let answer = request.max_records(100).send().await;
        let answer = answer.map_err(|error| CallError::new("DescribeAlarms", &resource, error))?;
        let metric = answer.metric_alarms().iter().map(|alarm| (alarm.alarm_name(), alarm.state_value()));
        let composite = answer.composite_alarms().iter().map(|alarm| (alarm.alarm_name(), alarm.state_value()));
        let found: Vec<_> = metric.chain(composite).filter_map(|(name, state)| Some((name?, state?))).collect();
        let known: BTreeSet<&str> = found.iter().map(|(name, _)| *name).collect();
        if let Some(unknown) = names.iter().find(|name| !known.contains(name.as_str())) {
            let message = format!("there is no alarm `{unknown}` in this account and Region; check the name");
            return Err(CallError::not_found("DescribeAlarms", resource, message));
        }
        let rings = |name: &str| found.iter().any(|(found, state)| *found == name && **state == StateValue::Alarm);
        Ok(names.iter().filter(|name| rings(name)).cloned().collect())
    }
}
