//! Throttles come back to the worker at once: it knows the run's budget and the reason, the SDK's retries know neither.

use aws_sdk_dynamodb::config::interceptors::InterceptorContext;
use aws_sdk_dynamodb::config::retry::{ClassifyRetry, RetryAction};

/// Forbids the SDK to retry a throttled call; everything else it retries as ever.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThrottlesComeBack;

const THROTTLES: [&str; 3] = ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"];

impl ClassifyRetry for ThrottlesComeBack {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let failed = context.response().filter(|response| response.status().as_u16() == 400);
        let body = failed.and_then(|response| response.body().bytes()).and_then(|body| std::str::from_utf8(body).ok());
        match body.is_some_and(|body| THROTTLES.iter().any(|code| body.contains(code))) {
            true => RetryAction::RetryForbidden,
            false => RetryAction::NoActionIndicated,
        }
    }

    fn name(&self) -> &'static str {
        "throttles come back"
    }
}
