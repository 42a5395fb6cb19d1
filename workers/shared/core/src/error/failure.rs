//! An error that knows its name, and an error with its causes as one string.

use std::error::Error;

use crate::error::error_name::ErrorName;

/// An error that knows the name under which the state machine sees it. Every worker's `Error` implements it.
pub trait Named: Error {
    /// The name that reaches Step Functions as `errorType`.
    fn name(&self) -> ErrorName;
}

/// The sources of an error, from the nearest one to the root cause. The error itself is not among them.
pub fn causes<'e>(error: &'e dyn Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (*cause).source())
}

/// The error and its causes in one line: `error: cause: root cause`.
///
/// A cause with the same message as the error right above it is left out.
pub fn chain(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    parts.extend(causes(error).map(ToString::to_string));
    parts.dedup();
    parts.join(": ")
}

/// The name and the message with which an error ends its run. `None` if the run goes on: the state machine retries the
/// error, or another execution has taken over.
pub fn end_of_run(error: &impl Named) -> Option<(ErrorName, String)> {
    let name = error.name();
    (!name.is_retried() && name != ErrorName::LeaseLost).then(|| (name, chain(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Level(&'static str, #[source] Option<Box<Level>>);

    #[test]
    fn a_chain_starts_with_the_error_and_ends_with_its_root_cause() {
        let inner = Level("connection refused", None);
        let middle = Level("GetObject on s3://b/k got no usable answer", Some(Box::new(inner)));
        let outer = Level("the plan could not be read", Some(Box::new(middle)));
        assert_eq!(
            chain(&outer),
            "the plan could not be read: GetObject on s3://b/k got no usable answer: connection refused"
        );
    }

    #[test]
    fn a_repeated_message_occurs_once() {
        let outer = Level("same", Some(Box::new(Level("same", None))));
        assert_eq!(chain(&outer), "same");
    }

    #[test]
    fn every_name_is_its_own_error_type() {
        for name in ErrorName::ALL {
            assert_eq!(format!("{name:?}"), name.as_str());
        }
    }
}
