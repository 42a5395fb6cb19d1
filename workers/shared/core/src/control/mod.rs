//! What steers a run while it works: the lock, pause and abort, holds, monitors, throttles and pace.
//!
//! What a run does, whatever happens meanwhile, is in [`plan`](crate::plan).

pub mod bake;
pub mod hold;
pub mod lock;
pub mod monitor_status;
pub mod pace;
pub mod run_control;
pub mod throttle;
