//! CloudWatch alarms: whether something is wrong that a run should not make worse.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{AlarmType, StateValue};

use crate::error::CallError;

/// The alarms that a client reaches.
#[derive(Debug, Clone)]
pub struct Alarms {
    client: aws_sdk_cloudwatch::Client,
}

/// Asking alarms.
pub trait ReadAlarms {
    /// Which of these alarms are in ALARM, in the order of `names`. An alarm that does not exist is an error: one that is
    /// misspelt would never ring. INSUFFICIENT_DATA is no ALARM: many alarms are in it while nothing happens.
    async fn in_alarm(&self, names: &[String]) -> Result<Vec<String>, CallError>;
}

impl Alarms {
    /// The alarms that `client` reaches.
    pub fn new(client: aws_sdk_cloudwatch::Client) -> Self {
        Self { client }
    }
}

impl ReadAlarms for Alarms {
    /// Source: CloudWatch API reference, DescribeAlarms: at most 100 names and 100 alarms an answer; composite alarms only
    /// if they are asked for; names that do not exist are left out without a word.
    async fn in_alarm(&self, names: &[String]) -> Result<Vec<String>, CallError> {
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
            let told = format!("there is no alarm `{unknown}` in this account and Region; check the name");
            return Err(CallError::not_found("DescribeAlarms", resource, told));
        }
        let rings = |name: &str| found.iter().any(|(found, state)| *found == name && **state == StateValue::Alarm);
        Ok(names.iter().filter(|name| rings(name)).cloned().collect())
    }
}
