//! The command line. The comments here are the help that `--help` prints.

use crate::author::{check, explain, new, test};
use clap::{Parser, Subcommand, ValueEnum};

/// Writes, checks, tests and explains tableshift migrations. Nothing here writes to a table.
#[derive(Debug, Parser)]
#[command(name = "tableshift", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Arguments {
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto, hide_possible_values = true)]
    pub color: Color,
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str =
    "Exit codes: 0 fine (warnings too), 1 something was found, 2 the command could not do its work";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    New(new::New),
    Check(check::Check),
    Test(test::Test),
    Explain(explain::Explain),
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
