//! How errors reach Step Functions and people: the closed set of error names, and an error with its chain of causes.

pub mod error_name;
pub mod failure;
