//! Why a migration cannot change an item to which it applies.

use thiserror::Error;

/// Why an item that matches cannot be changed. It ends up in reports and dead letters, so no variant holds an attribute's
/// value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Invalid {
    /// `where` failed, or its result is not a boolean.
    #[error("where: {0}")]
    Where(String),
    /// A step of the migration failed.
    #[error("step {step}: {reason}")]
    Step {
        /// The step's number, from 1; `2.1` is the first step within the second.
        step: String,
        /// What failed, without values.
        reason: String,
    },
    /// One of several rules failed.
    #[error("rule {rule}: {reason}")]
    Rule {
        /// The rule's name, or its number from 1.
        rule: String,
        /// What failed within the rule.
        reason: Box<Invalid>,
    },
    /// `check` is false after the change.
    #[error("check does not hold after the change")]
    Check,
    /// `check` failed after the change, or its result is not a boolean.
    #[error("check: {0}")]
    CheckFails(String),
    /// The changed item would be larger than an item may be.
    #[error("the changed item would have {bytes} bytes, over DynamoDB's limit of 409600")]
    TooLarge {
        /// The changed item's size in bytes, attribute names included.
        bytes: usize,
    },
    /// The changed attribute would nest lists and maps more deeply than a value may.
    #[error("`{attribute}` would nest lists and maps {levels} levels deep, over DynamoDB's limit of 32")]
    TooDeep {
        /// The top-level attribute.
        attribute: String,
        /// How many levels deep it would be.
        levels: usize,
    },
    /// An index requires another type for its key attribute.
    #[error("`{attribute}` would be of type {found}, but it is an index key of type {wanted}")]
    IndexKeyType {
        /// The top-level attribute.
        attribute: String,
        /// The type that it would have, such as `N`.
        found: String,
        /// The type that the index requires: `S`, `N` or `B`.
        wanted: String,
    },
    /// An index key would be an empty string or empty binary.
    #[error("`{attribute}` would be empty, but it is an index key")]
    IndexKeyEmpty {
        /// The top-level attribute.
        attribute: String,
    },
    /// DynamoDB's time to live would delete the changed item.
    #[error("`{attribute}` is the table's time to live and would be in the past: DynamoDB would delete the item")]
    ExpiresAtOnce {
        /// The top-level attribute.
        attribute: String,
    },
    /// Applying the migration to the changed item would change it again.
    #[error("the migration would change the item again: `where` must be false once an item is changed")]
    NotIdempotent,
    /// A migration written in Rust cannot change the item; the string is its reason.
    #[error("{0}")]
    Unfit(&'static str),
    /// DynamoDB rejected the write; the string is its validation message.
    #[error("DynamoDB rejected the write: {0}")]
    Refused(String),
}
