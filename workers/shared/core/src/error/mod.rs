//! How errors reach Step Functions and people: the closed set of error names, and an error with its causes as one string.
//! The error types themselves belong in the room or crate that returns them.

pub mod error_name;
pub mod failure;
