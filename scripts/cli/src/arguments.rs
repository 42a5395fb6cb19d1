//! The command line. The doc comments here and on the arguments of each command are the help that `--help` prints.

use crate::author::{check, explain, new, test};
use crate::operate::{answer, ensure, history, report, start, status, steer, watch};
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Writes, checks, tests and explains tableshift migrations, and runs them on a deployed stage
#[derive(Debug, Parser)]
#[command(name = "tableshift", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_possible_values = true)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  findings, or the run failed for a reason without its own exit code
  2  the command could not do its work: wrong arguments, a missing file or permission
  3  the run waits for approval
  4  the run was not approved; nothing was written, or only a canary
  5  the verification failed; items were left as they are, or rolled back
  6  the dry run failed; nothing was written
  7  the run was refused before it did anything
  8  the run was stopped by an operator, an alarm or a budget
  9  not finished yet: the run is in progress, or `ensure-finished` says what is missing";

/// The commands, in the order in which the help lists them.
#[derive(Debug, Subcommand)]
pub enum Command {
    New(new::New),
    Check(check::Check),
    Test(test::Test),
    Explain(explain::Explain),
    /// Migrates a table as the stage's policy requires; joins the run if it already exists
    Run(start::NewRun),
    /// Does a dry run of a migration; writes nothing to the table
    DryRun(start::NewRun),
    /// Verifies a run: reads every item again and gives a verdict
    Verify(start::ExistingRun),
    /// Rolls back a run: restores the items that it changed
    RollBack(start::ExistingRun),
    /// Continues a run that is paused, or that failed, died or was aborted
    Resume(start::ExistingRun),
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

/// Prints the completion script for a shell
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell's name
    #[arg(value_enum)]
    pub shell: clap_complete::Shell,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

impl Color {
    /// Applies the choice to everything that the command prints.
    pub fn apply(self) {
        match self {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}
