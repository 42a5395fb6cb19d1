//! The command line. The comments here are the help that `--help` prints.

use crate::author::{check, explain, new, test};
use crate::operate::{answer, ensure, history, report, start, status, steer, watch};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Writes, checks, tests and explains tableshift migrations, and operates their runs on a deployed stage
#[derive(Debug, Parser)]
#[command(name = "tableshift", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_possible_values = true)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 fine or done, 1 something was found or the run failed, 2 the command could not do \
its work, 3 waits for approval, 4 not approved, 5 the verification failed, 6 the dry run failed, 7 refused before anything \
was done, 8 stopped, 9 not there yet";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    New(new::New),
    Check(check::Check),
    Test(test::Test),
    Explain(explain::Explain),
    /// Migrates a table: everything that the stage's policy asks for, then the writing and its proof
    Run(start::New),
    /// Runs a dry run of a migration and reports; nothing is written to the table
    DryRun(start::New),
    /// Proves what the table holds after a run
    Verify(start::Again),
    /// Puts the items of a run back
    RollBack(start::Again),
    /// Lets a run go on that is paused, or that failed or died
    Resume(start::Again),
    Approve(answer::Approve),
    Reject(answer::Reject),
    Watch(watch::Watch),
    Status(status::Status),
    Pause(steer::Pause),
    Throttle(steer::Throttle),
    Abort(steer::Abort),
    History(history::History),
    Report(report::Report),
    EnsureFinished(ensure::Ensure),
    Completions(Completions),
}

/// Prints what a shell needs to complete this command
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl Color {
    /// Makes it the choice for everything that is printed.
    pub fn apply(self) {
        match self {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}
