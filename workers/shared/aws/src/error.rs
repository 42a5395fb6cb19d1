//! The error of a call to AWS, the same for every service.

use std::error::Error;
use std::fmt;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tableshift_core::ErrorName;
use tableshift_core::control::contention::Contention;
use tableshift_core::control::throttle::{Reach, Reason};

/// The kind of a failure, independent of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The role lacks the permission, or the credentials are invalid.
    AccessDenied,
    /// There were too many calls. The same call may succeed later.
    Throttled,
    /// Someone else was writing the item, so the call had no effect. The same call may succeed a moment later.
    Contended(Contention),
    /// There was no usable answer: a timeout, a broken connection or an error of the service. The same call may succeed later.
    Unavailable,
    /// The resource does not exist.
    NotFound,
    /// The service rejected the call. The same call will fail again.
    Refused,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccessDenied => "was denied; give the function's role this permission",
            Self::Throttled => "was throttled",
            Self::Contended(Contention::Transaction) => "met a transaction of the application",
            Self::Contended(Contention::Replication) => "met a write of another Region",
            Self::Unavailable => "got no usable answer",
            Self::NotFound => "found nothing by that name",
            Self::Refused => "was refused",
        })
    }
}

impl From<Cause> for ErrorName {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::AccessDenied => Self::AccessDenied,
            Cause::Throttled => Self::Throttled,
            Cause::Unavailable | Cause::Contended(_) => Self::Unavailable,
            // A caller that knows what was not found uses a more exact name, for example TableNotFound.
            Cause::NotFound | Cause::Refused => Self::Internal,
        }
    }
}

/// A call to AWS that failed after the SDK's own retries.
#[derive(Debug, thiserror::Error)]
#[error("{operation} on {resource} {cause}")]
pub struct CallError {
    /// The API operation, as AWS spells it.
    pub operation: &'static str,
    /// The table, bucket, key or ARN of the call, for messages.
    pub resource: String,
    /// The kind of failure.
    pub cause: Cause,
    /// The error code of the service, if it gave one.
    pub code: Option<String>,
    /// For a throttle: whether it concerns a key range, the table or more.
    pub reach: Option<Reach>,
    /// For a throttle: the reason, if DynamoDB gave one.
    pub reason: Option<Reason>,
    /// The message of the service or of the connection.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

impl CallError {
    /// The error that the SDK returned for `operation` on `resource`.
    pub fn new<E>(operation: &'static str, resource: impl Into<String>, error: SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    {
        let (cause, reason) = (classify(&error), reason_of(&error));
        // Without a known reason, assume the key range that the worker writes to.
        let reach = reason.map_or(Reach::KeyRange, Reason::reach);
        Self {
            operation,
            resource: resource.into(),
            cause,
            code: code_of(&error).map(str::to_owned),
            reach: (cause == Cause::Throttled).then_some(reach),
            reason,
            source: in_one_line(error),
        }
    }

    /// The error for an answer without a part that the caller needs: `missing` names it.
    pub fn incomplete(operation: &'static str, resource: impl Into<String>, missing: &'static str) -> Self {
        Self {
            operation,
            resource: resource.into(),
            cause: Cause::Unavailable,
            code: None,
            reach: None,
            reason: None,
            source: format!("the answer has no {missing}").into(),
        }
    }

    /// The error for an answer that shows that something named in the call does not exist.
    pub fn not_found(
        operation: &'static str,
        resource: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { cause: Cause::NotFound, ..Self::refused(operation, resource, source) }
    }

    /// The error for a call that would fail again however often it is sent.
    pub fn refused(
        operation: &'static str,
        resource: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            operation,
            resource: resource.into(),
            cause: Cause::Refused,
            code: None,
            reach: None,
            reason: None,
            source: source.into(),
        }
    }

    /// The error name that a worker reports, unless the caller has a more exact one.
    pub fn name(&self) -> ErrorName {
        self.cause.into()
    }

    /// Whether the service gave this error code.
    pub fn has_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Finds the kind of a failure, by the service's error code and the HTTP status.
pub fn classify<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Cause {
    match error {
        SdkError::ConstructionFailure(_) => Cause::Refused,
        // A response that breaks off, or that cannot be read, says nothing, whatever its status.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Cause::Unavailable,
        _ => {
            let status = error.raw_response().map(|raw| raw.status().as_u16());
            of_answer(code_of(error), status)
        }
    }
}

/// Why a call was throttled. DynamoDB lists the reasons in the body, with the first letter of the member in either case.
fn reason_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<Reason> {
    #[derive(serde::Deserialize)]
    struct Answer {
        #[serde(alias = "ThrottlingReasons", rename = "throttlingReasons", default)]
        reasons: Vec<Listed>,
    }
    #[derive(serde::Deserialize)]
    struct Listed {
        #[serde(alias = "Reason", default)]
        reason: String,
    }
    if classify(error) != Cause::Throttled {
        return None;
    }
    let body = error.raw_response().and_then(|raw| raw.body().bytes());
    let answer: Option<Answer> = body.and_then(|body| serde_json::from_slice(body).ok());
    let reasons = answer.map(|answer| answer.reasons).unwrap_or_default();
    Reason::of_all(reasons.iter().map(|reason| reason.reason.as_str()))
}

/// Codes take precedence, because some services send throttles and denials with status 400. The status decides about codes
/// that are not in this list.
fn of_answer(code: Option<&str>, status: Option<u16>) -> Cause {
    if let Some(contention) = code.and_then(Contention::of_code) {
        return Cause::Contended(contention);
    }
    match code.unwrap_or_default() {
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthorizationError"
        | "UnrecognizedClientException"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "KMSAccessDenied"
        | "KMSAccessDeniedException"
        | "KMSInvalidStateException"
        | "KMS.DisabledException"
        | "KMS.KMSInvalidStateException"
        | "KMS.NotFoundException"
        // The stack's own bucket existed when the stack was deployed, so this is not a missing object.
        | "NoSuchBucket" => Cause::AccessDenied,
        "Throttling"
        | "ThrottlingException"
        | "Throttled"
        | "ThrottledException"
        | "ProvisionedThroughputExceededException"
        | "RequestLimitExceeded"
        | "LimitExceededException"
        | "TooManyRequestsException"
        | "SlowDown"
        | "KMSThrottling"
        | "KMSThrottlingException" => Cause::Throttled,
        "ResourceNotFoundException"
        | "TableNotFoundException"
        | "BackupNotFoundException"
        | "ExportNotFoundException"
        | "ExecutionDoesNotExist"
        | "NoSuchKey"
        | "NotFound"
        | "NotFoundException" => Cause::NotFound,
        "InternalServerError"
        | "InternalServerErrorException"
        | "InternalError"
        | "InternalFailure"
        | "ServiceUnavailable"
        | "RequestTimeout" => Cause::Unavailable,
        _ => match status {
            Some(401 | 403) => Cause::AccessDenied,
            Some(429) => Cause::Throttled,
            Some(404) => Cause::NotFound,
            Some(400..=499) => Cause::Refused,
            _ => Cause::Unavailable,
        },
    }
}

fn code_of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Option<&str> {
    error.as_service_error().and_then(|service| service.code())
}

/// The code and message of the service in one line. The SDK's own chain of sources has the same in four levels, the last of
/// which is a Debug print.
fn in_one_line<E>(error: SdkError<E, HttpResponse>) -> Box<dyn Error + Send + Sync>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match error.as_service_error() {
        Some(service) => match (service.code(), service.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}").into(),
            (Some(code), None) => code.into(),
            _ => Box::new(error),
        },
        None => Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_decides_whatever_the_status() {
        let throttled = of_answer(Some("ProvisionedThroughputExceededException"), Some(400));
        assert_eq!(throttled, Cause::Throttled);
        let denied = of_answer(Some("AccessDeniedException"), Some(400));
        assert_eq!(denied, Cause::AccessDenied);
        assert_eq!(of_answer(Some("NoSuchKey"), Some(404)), Cause::NotFound);
        assert_eq!(of_answer(Some("SlowDown"), Some(503)), Cause::Throttled);
    }

    #[test]
    fn a_write_that_meets_another_one_is_not_refused() {
        let cause = of_answer(Some("TransactionConflictException"), Some(400));
        assert_eq!(cause, Cause::Contended(Contention::Transaction));
        assert_eq!(ErrorName::from(cause), ErrorName::Unavailable, "so that Step Functions retries the worker");
    }

    #[test]
    fn the_status_decides_about_an_unknown_code() {
        assert_eq!(of_answer(Some("Odd"), Some(400)), Cause::Refused);
        assert_eq!(of_answer(Some("Odd"), Some(502)), Cause::Unavailable);
        assert_eq!(of_answer(None, Some(403)), Cause::AccessDenied);
        assert_eq!(of_answer(None, Some(429)), Cause::Throttled);
        assert_eq!(of_answer(None, None), Cause::Unavailable);
    }

    #[test]
    fn only_a_failure_that_may_pass_gets_a_retryable_name() {
        assert_eq!(ErrorName::from(Cause::Throttled), ErrorName::Throttled);
        assert_eq!(ErrorName::from(Cause::Unavailable), ErrorName::Unavailable);
        assert_eq!(ErrorName::from(Cause::Refused), ErrorName::Internal);
    }
}
