//! DynamoDB items and tables as plain values: types, sizes, exact numbers, paths into maps and lists, hashes and durations.
//! What a migration does to an item belongs in [`change`](crate::change). Reading and writing items is not in this crate.

pub mod difference;
pub mod duration;
pub mod hash;
pub mod numbers;
pub mod path;
pub mod table;
pub mod value;
