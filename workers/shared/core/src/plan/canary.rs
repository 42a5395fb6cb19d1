//! A canary: a part of the segments goes first, is verified, and bakes before the rest is written.
//!
//! A run with a canary takes two waves through the same Maps. What it learns in the first one costs a part of the table at
//! most; in the second one the canary's segments are done by their checkpoints, and all of them are verified anew.

use crate::item::duration::seconds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How long a canary bakes if nothing says so.
const BAKE: &str = "10m";
/// The longest bake, in seconds. A bake is looked after all the time; what has to be lived with for days is a migration of
/// its own, with `requires` and `bake`.
const LONGEST_BAKE: i64 = 24 * 3600;

/// What goes first, and for how long it is watched before the rest is written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["segments"]}, {"required": ["percent"]}]))]
pub struct Canary {
    /// How many segments go first: 1 or more, and fewer than the run has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999_999))]
    pub segments: Option<u32>,
    /// How much goes first in percent of the segments, rounded up to whole ones: over 0 and under 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 100))]
    pub percent: Option<f64>,
    /// How long nothing more is written once the canary is verified, as in `90s`, `10m` or `2h`; at most a day, and 10
    /// minutes if left out. The watched alarms must be quiet all the while: one in ALARM holds the run, and the time begins
    /// anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<String>,
    /// Whether a person must say yes before the rest is written, whether or not one had to before the canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<bool>,
}

/// Why a canary is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CanaryError {
    /// Nothing says how much goes first.
    #[error("has neither `segments` nor `percent`; write how much goes first, as in {{\"percent\": 5}}")]
    NoSize,
    /// Two things say so.
    #[error("has both `segments` and `percent`; choose one")]
    TwoSizes,
    /// No number of segments.
    #[error("is {0}; write a number from 1 to 999999, fewer than the run has segments")]
    Segments(u32),
    /// No part.
    #[error("is {0}; write a number over 0 and under 100")]
    Percent(f64),
    /// No time.
    #[error("is `{0}`; write a time like `90s`, `10m` or `2h`, at most `24h`")]
    Bake(String),
    /// Nothing would be left.
    #[error("is {canary} of {segments} segments, so there is no rest; write fewer, or cut the table into more")]
    NoRest {
        /// How many go first.
        canary: u32,
        /// How many there are.
        segments: u32,
    },
    /// A run of one segment has no part.
    #[error("needs a run of 2 segments or more; write a larger `segments`, or leave it out")]
    OneSegment,
    /// The input takes less care than the policy demands.
    #[error("is {asked}, but this stage's policy demands {demanded}; an input may tighten a policy, never loosen it")]
    Loosened {
        /// The field.
        field: &'static str,
        /// What the input says.
        asked: String,
        /// What the policy says.
        demanded: String,
    },
}

impl CanaryError {
    /// The field of the input that is wrong.
    pub fn field(&self) -> &'static str {
        match self {
            Self::NoSize | Self::TwoSizes | Self::OneSegment => "canary",
            Self::Segments(_) | Self::NoRest { .. } => "canary.segments",
            Self::Percent(_) => "canary.percent",
            Self::Bake(_) => "canary.bake",
            Self::Loosened { field, .. } => field,
        }
    }
}

impl Canary {
    /// Checks what can be checked before the number of segments is decided; `segments` is the input's, if it has one.
    pub fn check(&self, segments: Option<u32>) -> Result<(), CanaryError> {
        match (self.segments, self.percent) {
            (None, None) => return Err(CanaryError::NoSize),
            (Some(_), Some(_)) => return Err(CanaryError::TwoSizes),
            (Some(canary), None) if !(1..=999_999).contains(&canary) => return Err(CanaryError::Segments(canary)),
            (None, Some(percent)) if !(percent > 0.0 && percent < 100.0) => return Err(CanaryError::Percent(percent)),
            _ => {}
        }
        self.bake_seconds()?;
        segments.map_or(Ok(()), |segments| self.of(segments).map(drop))
    }

    /// Into how many segments the table is cut at least if the input leaves that to the plan: enough for the part that was
    /// asked for, and a canary of so many segments is half of the table at the most.
    pub fn least_segments(&self) -> u32 {
        let by_percent = |percent: f64| (100.0 / percent).ceil() as u32;
        self.segments.map(|n| n.saturating_mul(2)).or(self.percent.map(by_percent)).unwrap_or_default().max(2)
    }

    /// The canary of a run of so many segments.
    fn of(&self, segments: u32) -> Result<CanaryPlan, CanaryError> {
        if segments < 2 {
            return Err(CanaryError::OneSegment);
        }
        let by_percent = |percent: f64| (f64::from(segments) * percent / 100.0).ceil() as u32;
        let canary = match (self.segments, self.percent) {
            (Some(canary), _) if canary >= segments => return Err(CanaryError::NoRest { canary, segments }),
            (Some(canary), _) => canary,
            (None, percent) => percent.map_or(1, by_percent).clamp(1, segments - 1),
        };
        Ok(CanaryPlan { segments: canary, bake_seconds: self.bake_seconds()?, approve: self.approve.unwrap_or(false) })
    }

    fn bake_seconds(&self) -> Result<u64, CanaryError> {
        let bake = self.bake.as_deref().unwrap_or(BAKE);
        let known = seconds(bake).filter(|seconds| *seconds <= LONGEST_BAKE);
        known.map(i64::unsigned_abs).ok_or_else(|| CanaryError::Bake(bake.to_owned()))
    }
}

/// The canary of a run, as its plan has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryPlan {
    /// How many segments go first: so many of the first in the run's order.
    pub segments: u32,
    /// How long it bakes, in seconds.
    pub bake_seconds: u64,
    /// Whether a person is asked before the rest is written.
    pub approve: bool,
}

impl CanaryPlan {
    /// The canary of a run of so many segments that an input asks for, or else its stage's policy demands. An input may be
    /// more careful than the policy, never less.
    pub fn of(asked: Option<&Canary>, demanded: Option<&Canary>, segments: u32) -> Result<Option<Self>, CanaryError> {
        let (asked, demanded) = match (asked, demanded) {
            (None, None) => return Ok(None),
            (Some(canary), None) | (None, Some(canary)) => return canary.of(segments).map(Some),
            (Some(asked), Some(demanded)) => (asked, demanded),
        };
        let inherited = Canary {
            bake: asked.bake.clone().or_else(|| demanded.bake.clone()),
            approve: asked.approve.or(demanded.approve),
            ..asked.clone()
        };
        let (asked, demanded) = (inherited.of(segments)?, demanded.of(segments)?);
        let loosened = [
            ("canary", asked.segments > demanded.segments, format!("{} segments", asked.segments), demanded.size()),
            ("canary.bake", asked.bake_seconds < demanded.bake_seconds, told(asked.bake_seconds), demanded.bake()),
            ("canary.approve", demanded.approve && !asked.approve, "false".to_owned(), "true".to_owned()),
        ];
        match loosened.into_iter().find(|(_, loosened, ..)| *loosened) {
            Some((field, _, asked, demanded)) => Err(CanaryError::Loosened { field, asked, demanded }),
            None => Ok(Some(asked)),
        }
    }

    /// How long it bakes, as people write it.
    pub fn bake(&self) -> String {
        told(self.bake_seconds)
    }

    fn size(&self) -> String {
        format!("{} at most", self.segments)
    }
}

fn told(seconds: u64) -> String {
    match (seconds % 3600, seconds % 60) {
        (0, _) => format!("{}h", seconds / 3600),
        (_, 0) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests;
