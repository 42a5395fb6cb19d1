//! Input and output of the workers that the state machine calls in Maps.

use crate::plan::parts::Part;
use crate::plan::wave::Wave;
use serde::{Deserialize, Serialize};

/// The input of a segment worker: one segment of a run's table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SegmentInput {
    /// The run's id.
    pub run: String,
    /// The fencing token of the execution that calls the worker.
    pub epoch: u64,
    /// The wave. A roll-back has none: it follows the journal.
    #[serde(default, skip_serializing_if = "Wave::is_whole")]
    pub wave: Wave,
    /// The segment's number, from 0.
    pub segment: u32,
}

/// The input of the dry-run worker: one part of the dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartInput {
    /// The run's id.
    pub run: String,
    /// The fencing token of the execution that calls the worker.
    pub epoch: u64,
    /// What to read.
    pub part: Part,
}

/// The output of a segment worker: whether the state machine must call it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// Whether the part is done. If not, the state machine calls the worker again.
    pub done: bool,
    /// How long the state machine waits before the next call, in seconds.
    pub wait_seconds: u64,
    /// Whether the run is on hold and no message has announced it yet. The state machine then calls AwaitWindow, which sends
    /// the message.
    #[serde(default)]
    pub announce_hold: bool,
}

impl Progress {
    /// Done, or to be called again without waiting.
    pub fn of(done: bool) -> Self {
        Self { done, wait_seconds: 0, announce_hold: false }
    }
}
