//! The pure core of tableshift: the migration language, items, plans, budgets and verdicts.
//!
//! Nothing here is async, does I/O, reads a clock, or names a crate of AWS: values in, decisions out. Workers gather
//! facts, ask this crate what to do, do it, and report.

pub mod approval;
pub mod bake;
pub mod canary;
pub mod child;
pub mod control;
pub mod counts;
pub mod error_name;
pub mod estimate;
pub mod failure;
pub mod filter;
pub mod hash;
pub mod hold;
pub mod identity;
pub mod input;
pub mod journal;
pub mod keys;
pub mod language;
pub mod links;
pub mod lock;
pub mod message;
pub mod migration;
pub mod pace;
pub mod path;
mod path_reader;
pub mod policy;
pub mod proof;
pub mod rate;
pub mod registry;
pub mod rehearsal;
pub mod report;
pub mod requirement;
pub mod run_plan;
pub mod segments;
pub mod signals;
pub mod signature;
pub mod statement;
pub mod summary;
pub mod table;
pub mod throttle;
pub mod update;
pub mod value;
pub mod window;
pub mod wire;
pub mod worklist;

pub use error_name::ErrorName;
