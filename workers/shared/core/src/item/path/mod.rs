//! Paths to attributes: `address`, `address.city`, `orders[0].qty`, `orders[*].qty`, `"a.dotted.name".part`.
//!
//! Steps of a migration use these paths. Expressions access attributes in their own way, in
//! [`language`](crate::language).

mod error;
mod place;
mod read;

pub use error::{PathError, PlaceError};
pub use place::Path;
pub use read::Part;
