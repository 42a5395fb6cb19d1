//! The history of the engines: every effect, in order. The oracle checks it.

use std::collections::BTreeMap;
use std::fmt;

use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;

/// Who sent a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The application.
    Application,
    /// The test harness, in the role of the state machine, Plan and operators.
    Harness,
    /// One invocation of a worker.
    Worker(Invocation),
}

/// One invocation of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// The run's id.
    pub run: String,
    pub phase: Phase,
    /// The fencing token with which it was called.
    pub epoch: u64,
    /// Its number among all invocations of the simulation, from 1.
    pub number: u32,
}

/// An effect, when it happened and who caused it.
#[derive(Debug, Clone)]
pub struct Event {
    /// When, in simulated milliseconds.
    pub at: i64,
    /// Who sent the request.
    pub actor: Actor,
    pub effect: Effect,
}

/// What changed or was read.
#[derive(Debug, Clone)]
pub enum Effect {
    /// An item of the table was written.
    Item {
        /// Its partition key.
        key: String,
        /// The item before, if it existed.
        before: Option<Item>,
        /// The item after, if it exists.
        after: Option<Item>,
    },
    /// A page of the table was read.
    Page {
        /// The page's items.
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
        /// The partition key and the sort key of the checkpoint.
        part: String,
        /// The fencing token and the attempt that the checkpoint now has.
        held_by: (u64, u64),
    },
    /// The table's lock was taken.
    Lock {
        /// The new fencing token.
        epoch: u64,
    },
}

impl fmt::Display for Actor {
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
        write!(f, "{:>9.3}s {:<28} ", self.at as f64 / 1000.0, self.actor.to_string())?;
        match &self.effect {
            Effect::Item { key, before, after } => write!(f, "item {key}: {} -> {}", summary(before), summary(after)),
            Effect::Page { items } => write!(f, "page of {}", items.len()),
            Effect::Object { key, bytes } => write!(f, "object {key}, {} bytes", bytes.len()),
            Effect::Checkpoint { part, held_by } => {
                write!(f, "checkpoint {part} epoch {} attempt {}", held_by.0, held_by.1)
            }
            Effect::Lock { epoch } => write!(f, "lock taken at epoch {epoch}"),
        }
    }
}

/// An item without its keys and the attributes that nobody changes.
fn summary(item: &Option<Item>) -> String {
    let Some(item) = item else { return "nothing".into() };
    let shown: BTreeMap<_, _> =
        item.iter().filter(|(name, _)| !["pk", "sk", "n", "ns", "b", "deep"].contains(&name.as_str())).collect();
    serde_json::to_string(&shown).expect("plain data serialises")
}
