//! The engines of a simulation: DynamoDB and S3 in process, a clock, repeatable random numbers, and the history of
//! everything that took effect.
//!
//! Nothing here knows of faults or workers.

pub mod clock;
pub mod dynamodb;
pub mod history;
pub mod random;
pub mod s3;
