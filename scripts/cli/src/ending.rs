//! How a command ended: the exit codes, which are a public contract.

use crate::operate::ended::Standing;
use std::error::Error;
use std::process::ExitCode;
use tableshift_core::error::failure::causes;

/// What a command has to say.
#[derive(Debug)]
pub struct Told {
    /// What goes to the standard output.
    pub text: String,
    /// How it ended.
    pub ending: Ending,
}

impl Told {
    /// What is left to say when a command could not do its work.
    pub fn refused(error: &dyn Error) -> Self {
        Self { text: String::new(), ending: Ending::refused(error) }
    }
}

/// How a command ended.
#[derive(Debug)]
pub enum Ending {
    /// Nothing is wrong: exit code 0. Warnings alone end so too.
    Fine,
    /// The command did its work and found something wrong: exit code 1.
    Findings,
    /// The command could not do its work: wrong arguments, a file that is not there. Exit code 2.
    Usage(String),
    /// How a run stands: the exit codes from 3 on, and 0 and 1 with their meaning.
    Standing(Standing),
}

impl Ending {
    fn refused(error: &dyn Error) -> Self {
        let mut text = format!("error: {error}\n");
        causes(error).for_each(|cause| text += &format!("  because {cause}\n"));
        Self::Usage(text)
    }

    /// Fine, or findings.
    pub fn of(fine: bool) -> Self {
        if fine { Self::Fine } else { Self::Findings }
    }

    /// What goes to the standard error.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Usage(text) => Some(text),
            _ => None,
        }
    }

    /// The exit code.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Fine => 0,
            Self::Findings => 1,
            Self::Usage(_) => 2,
            Self::Standing(standing) => standing.code(),
        })
    }
}
