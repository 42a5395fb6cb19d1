//! What the state machine hands to a child of a Map, and what it gets back.

use crate::plan::parts::Part;
use crate::plan::wave::Wave;
use serde::{Deserialize, Serialize};

/// One segment of a run's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentInput {
    /// The run.
    pub run: String,
    /// The epoch of the execution that works on it.
    pub epoch: u64,
    /// Whose turn it is. A way back has none: it goes by the journal.
    #[serde(default, skip_serializing_if = "Wave::is_whole")]
    pub wave: Wave,
    /// The segment, from 0.
    pub segment: u32,
}

/// One part of a run's dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartInput {
    /// The run.
    pub run: String,
    /// The epoch of the execution that works on it.
    pub epoch: u64,
    /// The part.
    pub part: Part,
}

/// Whether the child is to be called again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Whether the part is done.
    pub done: bool,
    /// How long to wait before the next call, in seconds.
    pub wait_seconds: u64,
    /// Whether the run is on hold and nobody has been notified yet. The child then asks AwaitWindow to announce it.
    #[serde(default)]
    pub announce_hold: bool,
}

impl Progress {
    /// Done, or to be called again at once.
    pub fn of(done: bool) -> Self {
        Self { done, wait_seconds: 0, announce_hold: false }
    }
}
