//! What happened to the engines, in the order in which it took effect: what the oracle judges by.

use std::collections::BTreeMap;
use std::fmt;

use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// The application.
    Application,
    /// The harness, which does what the state machine and Plan do.
    Harness,
    /// A worker.
    Worker(Invocation),
}

/// One invocation of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The run.
    pub run: String,
    /// The phase.
    pub phase: Phase,
    /// The epoch under which it was called.
    pub epoch: u64,
    /// Its number among all invocations of the simulation.
    pub number: u32,
}

/// Something that took effect.
#[derive(Debug, Clone)]
pub struct Event {
    /// When, in simulated milliseconds.
    pub at: i64,
    /// Who did it.
    pub by: By,
    /// What it was.
    pub what: What,
}

/// What took effect.
#[derive(Debug, Clone)]
pub enum What {
    /// An item of the table was written.
    Item {
        /// Its partition key.
        key: String,
        /// What it was.
        before: Option<Item>,
        /// What it became.
        after: Option<Item>,
    },
    /// A page of the table was read.
    Page {
        /// Its items.
        items: Vec<Item>,
    },
    /// An object was put.
    Object {
        /// Its key.
        key: String,
        /// Its content.
        bytes: Vec<u8>,
    },
    /// A part's checkpoint was written.
    Checkpoint {
        /// Whose.
        part: String,
        /// The epoch and the attempt that it then held.
        held_by: (u64, u64),
    },
    /// The table's lock was taken.
    Lock {
        /// Its epoch.
        epoch: u64,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application => f.write_str("application"),
            Self::Harness => f.write_str("harness"),
            Self::Worker(w) => write!(f, "{} #{} epoch {} of {}", w.phase.as_str(), w.number, w.epoch, w.run),
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9.3}s {:<28} ", self.at as f64 / 1000.0, self.by.to_string())?;
        match &self.what {
            What::Item { key, before, after } => write!(f, "item {key}: {} -> {}", told(before), told(after)),
            What::Page { items } => write!(f, "page of {}", items.len()),
            What::Object { key, bytes } => write!(f, "object {key}, {} bytes", bytes.len()),
            What::Checkpoint { part, held_by } => {
                write!(f, "checkpoint {part} epoch {} attempt {}", held_by.0, held_by.1)
            }
            What::Lock { epoch } => write!(f, "lock taken at epoch {epoch}"),
        }
    }
}

/// An item without what no one touches.
fn told(item: &Option<Item>) -> String {
    let Some(item) = item else { return "nothing".into() };
    let told: BTreeMap<_, _> =
        item.iter().filter(|(name, _)| !["pk", "sk", "n", "ns", "b", "deep"].contains(&name.as_str())).collect();
    serde_json::to_string(&told).expect("plain data serialises")
}
