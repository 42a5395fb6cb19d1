//! What the command does with a deployed stage, for a person or a pipeline, with the credentials that the AWS CLI would use.
//!
//! Only the command is built with this (feature `operate`); workers cannot start or describe runs.

pub mod executions;
pub mod progress;
pub mod signed;
pub mod stage;
pub mod table_sample;
