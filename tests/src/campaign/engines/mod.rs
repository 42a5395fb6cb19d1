//! The engines of a simulation and its time: DynamoDB and S3 in process, a clock, repeatable random numbers, and the history of
//! what took effect.
//!
//! No fault and no worker is known here.

pub mod clock;
pub mod dynamodb;
pub mod history;
pub mod random;
pub mod s3;
