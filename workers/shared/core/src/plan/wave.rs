//! The waves of a run: all segments at once, or the canary wave and then the main wave.

use serde::{Deserialize, Serialize};

/// Which segments a run migrates and verifies in one pass through its Maps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wave {
    /// Every segment, in a run without a canary.
    #[default]
    Whole,
    /// The canary's segments, in a run with a canary.
    Canary,
    /// Every segment, after the canary. The canary's segments are already written; they are verified again.
    Main,
}

/// The `progress` of a run whose canary is verified, while it bakes or waits for the approval of the main wave.
pub const BAKING: &str = "baking";
/// The progress of a run whose items are rolled back. It cannot be resumed.
pub const ROLLED_BACK: &str = "rolled-back";

impl Wave {
    /// The `progress` in the run's ledger record while this wave may write.
    pub fn progress(self) -> &'static str {
        match self {
            Self::Whole | Self::Main => "writing",
            Self::Canary => "canary",
        }
    }

    /// Whether a run with this `progress` has started to write in this wave.
    pub fn has_started(self, progress: &str) -> bool {
        match self {
            Self::Whole | Self::Main => progress == self.progress(),
            Self::Canary => [self.progress(), BAKING, Self::Main.progress()].contains(&progress),
        }
    }

    /// The wave's name in state data, reports and checkpoints.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Canary => "canary",
            Self::Main => "main",
        }
    }

    /// The wave with this name; any other string means [`Whole`](Self::Whole).
    pub fn of(word: &str) -> Self {
        match word {
            "canary" => Self::Canary,
            "main" => Self::Main,
            _ => Self::Whole,
        }
    }

    /// Whether this is the only wave of a run without a canary.
    pub fn is_whole(&self) -> bool {
        *self == Self::Whole
    }

    /// For the message of an error that ends the run before this wave writes: what was written so far, and what to do.
    pub fn written_so_far(self) -> &'static str {
        match self {
            Self::Whole | Self::Canary => "nothing was written; start a new run",
            Self::Main => {
                "only the canary was written, and it stays as it is: continue with `action: resume`, which repeats bake and \
                 approval, or roll back with `action: roll-back`"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_has_started_once_the_run_has_its_progress_or_a_later_one() {
        for (progress, canary, main) in
            [("planned", false, false), ("canary", true, false), ("baking", true, false), ("writing", true, true)]
        {
            assert_eq!(
                (Wave::Canary.has_started(progress), Wave::Main.has_started(progress)),
                (canary, main),
                "{progress}"
            );
        }
        for wave in [Wave::Whole, Wave::Canary, Wave::Main] {
            assert_eq!(Wave::of(wave.as_str()), wave);
            assert_eq!(serde_json::to_value(wave).unwrap(), wave.as_str());
        }
    }
}
