//! A person's or a pipeline's session with a deployed stage, with the credentials that the AWS CLI would use.
//!
//! Only the command has this (feature `operate`); no worker can start or describe a run this way.

pub mod executions;
pub mod progress;
pub mod signed;
pub mod stage;
pub mod table_sample;
