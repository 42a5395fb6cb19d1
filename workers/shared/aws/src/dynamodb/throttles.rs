//! Stops the SDK from retrying throttled calls. The worker decides about them: it knows the run's budget and the reason of
//! the throttle.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};

/// Forbids retries of throttled calls and leaves all others to the SDK.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoThrottleRetry;

const THROTTLES: [&str; 3] = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];

impl ClassifyRetry for NoThrottleRetry {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.response().filter(|response| response.status().as_u16() == 400);
        let body = failed.and_then(|response| response.body().bytes()).and_then(|body| std::str::from_utf8(body).ok());
        match body.is_some_and(|body| THROTTLES.iter().any(|code| body.contains(code))) {
            true => RetryAction::RetryForbidden,
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "no retry of throttles"
    }
}
