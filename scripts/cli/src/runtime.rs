//! Runs asynchronous code on this thread. Commands wait for one call at a time, so one thread is enough.

use std::io;

/// Runs `work` to its end. `error` turns the failure to start the runtime into the command's own error.
pub fn block_on<T, E>(error: impl FnOnce(io::Error) -> E, work: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(error)?.block_on(work)
}
