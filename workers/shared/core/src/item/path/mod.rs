//! Paths to attributes: `address`, `address.city`, `orders[0].qty`, `orders[*].qty`, `"a.dotted.name".part`.
//!
//! What a path leads to in an item is here; expressions have attribute access of their own.

mod error;
mod place;
mod read;

pub use error::{PathError, PlaceError};
pub use place::Path;
pub use read::Part;
