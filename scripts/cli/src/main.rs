//! The `tableshift` command: writes, checks, tests and explains migrations on this machine, and starts, follows and
//! steers their runs on a deployed stage.
//!
//! ```text
//! main -> arguments (clap) -> author::{new, check, test, explain}  -> CommandOutput: text and exit status
//!                          -> operate::{start, watch, steer ...}
//! ```
//!
//! Commands collect what they need, ask the core, and return a [`CommandOutput`], which `main` prints. While a command
//! works, progress and questions go to standard error.
#![allow(rustdoc::invalid_html_tags, reason = "clap prints these comments as help, where <id> stands for a name")]

mod arguments;
mod author;
mod files;
mod operate;
mod output;
mod runtime;
mod table;

use arguments::{Arguments, Command};
use clap::{CommandFactory as _, Parser as _};
use operate::{answer, ensure, history, report, start, status, steer, watch};
use output::CommandOutput;
use std::error::Error;
use std::io::Write as _;
use std::process::ExitCode;
use tableshift_core::plan::settings::input::Action;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    let output = run(arguments.command);
    // The write fails if the reader has closed the pipe, as `head` does. That is not an error of the command.
    let _ = write!(anstream::stdout(), "{}", output.text);
    if let Some(message) = output.status.message() {
        let _ = write!(anstream::stderr(), "{message}");
    }
    output.status.code()
}

fn run(command: Command) -> CommandOutput {
    match command {
        Command::New(new) => or_error(author::new::run(&new)),
        Command::Check(check) => or_error(author::check::run(&check)),
        Command::Test(test) => or_error(author::test::run(&test)),
        Command::Explain(explain) => or_error(author::explain::run(&explain)),
        Command::Run(new) => or_error(start::new_run(&new, Action::Migrate)),
        Command::DryRun(new) => or_error(start::new_run(&new, Action::DryRun)),
        Command::Verify(existing) => or_error(start::existing_run(&existing, Action::Verify)),
        Command::RollBack(existing) => or_error(start::existing_run(&existing, Action::RollBack)),
        Command::Resume(existing) => or_error(start::existing_run(&existing, Action::Resume)),
        Command::Approve(approve) => or_error(answer::approve(&approve)),
        Command::Reject(reject) => or_error(answer::reject(&reject)),
        Command::Watch(watch) => or_error(watch::run(&watch)),
        Command::Status(status) => or_error(status::run(&status)),
        Command::Pause(pause) => or_error(steer::pause(&pause)),
        Command::Throttle(throttle) => or_error(steer::throttle(&throttle)),
        Command::Abort(abort) => or_error(steer::abort(&abort)),
        Command::History(history) => or_error(history::run(&history)),
        Command::Report(report) => or_error(report::run(&report)),
        Command::EnsureFinished(ensure) => or_error(ensure::run(&ensure)),
        Command::Completions(completions) => completion_script(completions.shell),
    }
}

fn or_error<E: Error>(result: Result<CommandOutput, E>) -> CommandOutput {
    result.unwrap_or_else(|error| CommandOutput::error(&error))
}

fn completion_script(shell: clap_complete::Shell) -> CommandOutput {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "tableshift", &mut script);
    CommandOutput::success(String::from_utf8_lossy(&script).into_owned())
}
