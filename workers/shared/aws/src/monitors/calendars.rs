//! Reads Systems Manager change calendars. A run is on hold while one of its calendars is closed.

use aws_sdk_ssm::types::CalendarState as SdkState;
use tableshift_core::control::monitor_status::Closed;

use crate::error::CallError;

/// The change calendars of this account and Region.
#[derive(Debug, Clone)]
pub struct Calendars {
    client: aws_sdk_ssm::Client,
}

impl Calendars {
    /// Uses this client.
    pub fn new(client: aws_sdk_ssm::Client) -> Self {
        Self { client }
    }

    /// Whether any of these calendars, by name or ARN, is closed now; `None` while all of them are open.
    ///
    /// Source: Systems Manager API reference, GetCalendarState: the state is OPEN only if all calendars are open.
    pub async fn closed(&self, names: &[String]) -> Result<Option<Closed>, CallError> {
        let resource = names.join(", ");
        let answer = self.client.get_calendar_state().set_calendar_names(Some(names.to_vec())).send().await;
        let answer = answer.map_err(|error| CallError::new("GetCalendarState", &resource, error))?;
        match answer.state {
            Some(SdkState::Open) => Ok(None),
            Some(SdkState::Closed) => Ok(Some(Closed { until: answer.next_transition_time.and_then(|t| millis(&t)) })),
            _ => Err(CallError::incomplete("GetCalendarState", resource, "State that is OPEN or CLOSED")),
        }
    }
}

/// Epoch milliseconds; `None` if the time cannot be read, as if the answer had none: the calendar is read again anyway.
fn millis(iso: &str) -> Option<i64> {
    let time = aws_smithy_types::DateTime::from_str(iso, aws_smithy_types::date_time::Format::DateTimeWithOffset);
    time.ok().and_then(|time| time.to_millis().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transition_is_read_in_any_zone_and_nonsense_is_ignored() {
        assert_eq!(millis("2026-11-22T12:00:00Z"), Some(1_795_348_800_000));
        assert_eq!(millis("2026-11-22T13:00:00+01:00"), Some(1_795_348_800_000));
        assert_eq!(millis("tomorrow"), None);
    }
}
