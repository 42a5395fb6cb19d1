//! The whole workflow, end to end: the real state machine with the real Lambda zips, deployed from the real template to
//! the local stack, and used through the real SDK clients.
//!
//! `scripts/test` brings the stages up, runs these and takes the stages down. By hand, with the stages up:
//! `cargo test --workspace --test workflow`. Every test has its own tables and runs, so the tests run in parallel.

// What the tests use
mod application; // an application that keeps writing during a run
mod lambdas; // the Lambdas' processes, to kill
mod people; // people with credentials, who sign their statements
mod run; // an execution: start it, wait for its end, read its results
mod shell; // commands as people type them
mod stack; // a running stage, and clients for it
mod subscriber; // a subscriber of the stack's topic
mod table; // a table for one test, and its stream
mod waiting; // polling, up to a time limit

// What the workflow promises
mod approval; // a person approves or rejects
mod canary; // the canary wave first, and then the main wave if it succeeded
mod command; // the command, as a person or a pipeline runs it
mod concurrent_writes; // the application loses no write
mod dry_run; // the dry run writes nothing and stops a run that cannot succeed
mod interrupted; // killed workers, stopped executions
mod live; // a measurement with 200,000 items, run by hand
mod locked; // one run on a table at a time
mod messages; // the messages about a run
mod migrate; // a successful run, step by step
mod refused; // invalid input is refused before anything is changed
mod roll_back; // items are restored
mod steering; // pause, throttle, abort, a hold by an alarm
mod verdict; // what follows a failed verification
mod window; // a run waits for its window
