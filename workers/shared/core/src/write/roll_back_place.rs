//! How far a roll-back got with the journal of a segment.

use serde::{Deserialize, Serialize};

/// How far a roll-back got with the journal of a segment, for its checkpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolledBack {
    /// Where it continues.
    pub place: Place,
    /// Whether an earlier roll-back went through the whole journal. Then most items are restored already.
    #[serde(default)]
    pub once_complete: bool,
}

/// A place in the order in which a roll-back goes through the journal. It names what is done, because objects that are
/// stored late would shift a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Among the items with one entry, object by object.
    Single {
        /// The name of the object, without its prefix; empty before the first one.
        object: String,
        /// How many of its lines are done.
        lines: usize,
    },
    /// Among the items that may have several entries, in the order of their keys' fingerprints.
    Repeated {
        /// The fingerprint of the last key that is done, in hexadecimal digits; empty before the first one.
        key: String,
    },
}

impl Default for Place {
    fn default() -> Self {
        Self::Single { object: String::new(), lines: 0 }
    }
}

impl Place {
    /// The place before the first item that may have several entries.
    pub fn before_repeated() -> Self {
        Self::Repeated { key: String::new() }
    }
}
