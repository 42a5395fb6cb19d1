//! DynamoDB items and tables as values: types, sizes, exact numbers, paths into maps and lists, hashes and durations.
//!
//! What a migration makes of an item is in [`change`](crate::change); how an item is read from or written to DynamoDB is not
//! in this crate.

pub mod difference;
pub mod duration;
pub mod hash;
pub mod numbers;
pub mod path;
pub mod table;
pub mod value;
