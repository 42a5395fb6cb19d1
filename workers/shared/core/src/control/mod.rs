//! What may change while a run works, and how the run reacts: the lock, pause and abort, holds, monitors, throttles and pace.
//! What is decided once, before a run starts, belongs in [`plan`](crate::plan).

pub mod bake;
pub mod contention;
pub mod hold;
pub mod lock;
pub mod monitor_status;
pub mod pace;
pub mod run_control;
pub mod throttle;
