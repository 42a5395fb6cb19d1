//! The `tableshift` command: writes, checks, tests and explains migrations on this machine, and operates their runs on a
//! deployed stage.
//!
//! ```text
//! main -> arguments (clap) -> author::{new, check, test, explain}      -> text to print, and how it ended
//!                          -> operate::{run, watch, pause, status ...}
//! ```
//!
//! Commands gather what they need, ask the core, and give a [`Told`]: what to print and the exit code. Only `main`
//! prints, and `operate` while it watches.

mod arguments;
mod author;
mod ending;
mod files;
mod operate;
mod table;

use arguments::{Arguments, Command};
use clap::{CommandFactory as _, Parser as _};
use ending::{Ending, Told};
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use tableshift_core::plan::input::Action;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    let told = run(arguments.command);
    // A reader that closes the pipe early, such as `head`, has read enough.
    let _ = write!(anstream::stdout(), "{}", told.text);
    if let Some(message) = told.ending.message() {
        let _ = write!(anstream::stderr(), "{message}");
    }
    told.ending.code()
}

fn run(command: Command) -> Told {
    match command {
        Command::New(new) => told(author::new::run(&new)),
        Command::Check(check) => told(author::check::run(&check)),
        Command::Test(test) => told(author::test::run(&test)),
        Command::Explain(explain) => told(author::explain::run(&explain)),
        Command::Run(new) => told(operate::start::new(&new, Action::Migrate)),
        Command::DryRun(new) => told(operate::start::new(&new, Action::DryRun)),
        Command::Verify(again) => told(operate::start::again(&again, Action::Verify)),
        Command::RollBack(again) => told(operate::start::again(&again, Action::RollBack)),
        Command::Resume(again) => told(operate::start::again(&again, Action::Resume)),
        Command::Approve(approve) => told(operate::answer::approve(&approve)),
        Command::Reject(reject) => told(operate::answer::reject(&reject)),
        Command::Watch(watch) => told(operate::watch::run(&watch)),
        Command::Status(status) => told(operate::status::run(&status)),
        Command::Pause(pause) => told(operate::steer::pause(&pause)),
        Command::Throttle(throttle) => told(operate::steer::throttle(&throttle)),
        Command::Abort(abort) => told(operate::steer::abort(&abort)),
        Command::History(history) => told(operate::history::run(&history)),
        Command::Report(report) => told(operate::report::run(&report)),
        Command::EnsureFinished(ensure) => told(operate::ensure::run(&ensure)),
        Command::Completions(completions) => completed(completions.shell),
    }
}

fn told<E: Error>(outcome: Result<Told, E>) -> Told {
    outcome.unwrap_or_else(|error| Told::refused(&error))
}

fn completed(shell: clap_complete::Shell) -> Told {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tableshift", &mut script);
    Told { text: String::from_utf8_lossy(&script).into_owned(), ending: Ending::Fine }
}
