//! The time of a simulation: it advances only while every task waits.

use std::cell::Cell;

use tokio::time::Instant;

/// When every simulation starts, in epoch milliseconds: 2026-11-22T10:00:00Z.
const BEGINNING: i64 = 1_795_341_600_000;

thread_local! {
    static STARTED: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Starts this thread's simulated time. Call it inside a runtime whose time is paused.
pub fn start() {
    STARTED.set(Some(Instant::now()));
}

/// The simulated time, in epoch milliseconds.
pub fn now() -> i64 {
    BEGINNING + elapsed()
}

/// How long the simulation has been running, in simulated milliseconds.
pub fn elapsed() -> i64 {
    let started = STARTED.get().expect("the simulation was started on this thread");
    i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX)
}
