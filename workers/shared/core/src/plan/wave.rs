//! The wave of a run: all segments at once, or the canary first and the rest after it.

use serde::{Deserialize, Serialize};

/// What a run writes and verifies as it goes through its Maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wave {
    /// Every segment, in a run without a canary.
    #[default]
    Whole,
    /// The canary's segments.
    Canary,
    /// Every segment, after the canary: its own are written already, and are verified once more.
    Main,
}

/// The progress of a run whose canary is written and verified and bakes, or waits for a person's yes to the rest.
pub const BAKING: &str = "baking";

impl Wave {
    /// The progress of a run that may write in this wave, as its record in the ledger has it.
    pub fn progress(self) -> &'static str {
        match self {
            Self::Whole | Self::Main => "writing",
            Self::Canary => "canary",
        }
    }

    /// Whether a run in this progress had begun to write in this wave.
    pub fn has_started(self, progress: &str) -> bool {
        match self {
            Self::Whole | Self::Main => progress == self.progress(),
            Self::Canary => [self.progress(), BAKING, Self::Main.progress()].contains(&progress),
        }
    }

    /// The wave's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Canary => "canary",
            Self::Main => "main",
        }
    }

    /// The meaning of the word.
    pub fn of(word: &str) -> Self {
        match word {
            "canary" => Self::Canary,
            "main" => Self::Main,
            _ => Self::Whole,
        }
    }

    /// Whether the run has no canary.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// What an error that ends the run before the first write of this wave says of the items.
    pub fn written_so_far(self) -> &'static str {
        match self {
            Self::Whole | Self::Canary => "nothing was written; start a new run",
            Self::Main => {
                "only the canary was written, and stays as it is: go on with `action: resume`, which bakes and asks anew, or \
                 put it back with `action: roll-back`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_begun_once_the_run_is_in_its_phase_or_further() {
        for (phase, canary, rest) in
            [("planned", false, false), ("canary", true, false), ("baking", true, false), ("writing", true, true)]
        {
            assert_eq!((Wave::Canary.has_started(phase), Wave::Main.has_started(phase)), (canary, rest), "{phase}");
        }
        for wave in [Wave::Whole, Wave::Canary, Wave::Main] {
            assert_eq!(Wave::of(wave.as_str()), wave);
            assert_eq!(serde_json::to_value(wave).unwrap(), wave.as_str());
        }
    }
}
