//! A conditional write of one item, and its possible outcomes.

use tableshift_core::item::value::Item;
use tableshift_core::write::statement::Statement;
use tableshift_core::write::update::Update;

/// A conditional write of one item. It may be sent several times: its condition fails once it has taken effect.
pub trait ItemWrite {
    /// The item's key attributes.
    fn key(&self) -> &Item;
    /// Whether it has a statement, so that it can be in a batch.
    fn has_statement(&self) -> bool;
    /// The statement for a batch; only called if it has one.
    fn statement(&self, table: &str) -> Statement<'_>;
    /// The same as UpdateItem, for a table with these key attributes.
    fn update(&self, keys: &[String]) -> Update;
    /// The write units that it consumes in the table itself, by the item's size alone.
    fn units(&self) -> f64;
    /// The bytes of its item, before or after, whichever is more.
    fn bytes(&self) -> usize;
    /// Whether its item was read just now, because the application keeps changing it: it should not wait behind others.
    fn is_fresh(&self) -> bool;
}

/// The outcome of a write.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// It took effect, now or when it was sent before.
    Landed,
    /// DynamoDB rejects it, however often it is sent.
    Refused {
        /// DynamoDB's message.
        message: String,
        /// Whether an answer was lost, so that it may have taken effect.
        may_have_landed: bool,
    },
    /// Its condition failed, and it was sent only once: it did not take effect.
    NotOurs {
        /// The item as it is now. `None`: it was deleted, or the answer left it out.
        now: Option<Item>,
    },
    /// Its condition failed after an answer was lost: either it took effect, or someone else changed the item.
    Unknown {
        /// The item as it is now. `None`: it was deleted, or the answer left it out.
        now: Option<Item>,
    },
    /// Someone else was writing the item each time it was sent. It is not sent again.
    GivenUp {
        /// Whether an answer was lost, so that it may have taken effect.
        may_have_landed: bool,
    },
}
