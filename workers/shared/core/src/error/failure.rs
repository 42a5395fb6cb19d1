//! How an error is named and told.

use std::error::Error;

use crate::error::error_name::ErrorName;

/// An error that knows the name under which the state machine sees it.
pub trait Named: Error {
    /// The name.
    fn name(&self) -> ErrorName;
}

/// The error and everything it stems from, in one sentence: `display: source: source`.
///
/// A level that repeats the one above it word for word is left out.
pub fn told(error: &dyn Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if parts.last() != Some(&text) {
            parts.push(text);
        }
        source = cause.source();
    }
    parts.join(": ")
}

/// What a failure is for the rest of its run: its name, and its text for a person. None if it is nothing to them, because
/// the state machine will try again or another execution has taken over.
pub fn end_of_run(error: &impl Named) -> Option<(ErrorName, String)> {
    let name = error.name();
    (!name.is_retried() && name != ErrorName::LeaseLost).then(|| (name, told(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Level(&'static str, #[source] Option<Box<Level>>);

    #[test]
    fn the_chain_is_told_from_the_outside_in() {
        let inner = Level("connection refused", None);
        let middle = Level("GetObject on s3://b/k got no usable answer", Some(Box::new(inner)));
        let outer = Level("the plan could not be read", Some(Box::new(middle)));
        assert_eq!(
            told(&outer),
            "the plan could not be read: GetObject on s3://b/k got no usable answer: connection refused"
        );
    }

    #[test]
    fn an_echo_is_told_once() {
        let outer = Level("same", Some(Box::new(Level("same", None))));
        assert_eq!(told(&outer), "same");
    }

    #[test]
    fn every_name_is_its_own_error_type() {
        for name in ErrorName::ALL {
            assert_eq!(format!("{name:?}"), name.as_str());
        }
    }
}
