//! The `tableshift` command: writes, checks, tests and explains migrations on this machine.
//!
//! ```text
//! main -> arguments (clap) -> author::{new, check, test, explain} -> text to print, and how it ended
//! ```
//!
//! Commands gather what they need, ask the core, and give a [`Told`]: what to print and the exit code. Only `main`
//! prints.

mod arguments;
mod author;
mod ending;
mod files;

use arguments::{Arguments, Command};
use clap::Parser as _;
use ending::Told;
use std::io::Write as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    let told = match arguments.command {
        Command::New(new) => author::new::run(&new).unwrap_or_else(|error| Told::refused(&error)),
        Command::Check(check) => author::check::run(&check).unwrap_or_else(|error| Told::refused(&error)),
        Command::Test(test) => author::test::run(&test).unwrap_or_else(|error| Told::refused(&error)),
        Command::Explain(explain) => author::explain::run(&explain).unwrap_or_else(|error| Told::refused(&error)),
    };
    // A reader that closes the pipe early, such as `head`, has read enough.
    let _ = write!(anstream::stdout(), "{}", told.text);
    if let Some(message) = told.ending.message() {
        let _ = write!(anstream::stderr(), "{message}");
    }
    told.ending.code()
}
