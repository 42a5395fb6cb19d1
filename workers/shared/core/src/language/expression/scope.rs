//! What the variables of an expression stand for.

use crate::item::value::{Item, Value};

/// The values of `item`, `key` and `element` for one evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'i> {
    /// The item, with the changes of the steps before.
    pub item: &'i Item,
    /// The item's key attributes. It may hold other attributes too: the item as it was read will do.
    pub key: &'i Item,
    /// The list element that a step with `[*]` in its path works on; `None` where there is none.
    pub element: Option<&'i Value>,
}
