//! The whole workflow, end to end: the real state machine with the real Lambda zips, deployed from the real template to
//! the local stack, driven and looked at with the real SDK clients.
//!
//! `scripts/test` brings the stages up, runs these and takes the stages down. By hand, with the stages up:
//! `cargo test --workspace --test workflow`. Every test has tables and runs of its own, so they run side by side.

// What the tests stand on
mod application; // an application that keeps writing while a run is at work
mod lambdas; // the Lambdas' processes, to kill
mod people; // who sign what they say
mod run; // an execution: start it, await its end, read what it left
mod shell; // commands that people type
mod stack; // a stage that is up, and clients for it
mod subscriber; // somebody who reads the stack's topic
mod table; // a table of a test's own, and its stream
mod waiting; // for what takes time, up to a limit

// What the workflow promises
mod approval; // a person is asked, and decides
mod canary; // a part goes first, and the rest follows if that went well
mod command; // the command, as a person or a pipeline runs it
mod concurrent_writes; // the application loses nothing
mod dry_run; // the dry run writes nothing and stops what cannot work
mod interrupted; // killed workers, stopped executions
mod live; // two hundred thousand items, by hand
mod locked; // one run on a table at a time
mod messages; // what people and programs are told of a run
mod migrate; // everything, step by step, when all goes well
mod refused; // bad input is refused before anything is touched
mod roll_back; // items come back as they were
mod steering; // paused, slowed down, stopped, held by an alarm
mod verdict; // what a failed verification leads to
mod window; // a closed window is waited for
