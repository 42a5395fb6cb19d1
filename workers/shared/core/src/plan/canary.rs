//! A canary: some segments are migrated first, verified, and baked before the others are written.
//!
//! A run with a canary goes through the same Maps in two [waves](crate::plan::wave::Wave). A mistake that shows in the
//! canary wave affects only its segments. In the main wave the checkpoints mark the canary's segments as done, and all
//! segments are verified again.

use crate::item::duration::seconds;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How long a canary bakes by default.
const BAKE: &str = "10m";
/// The longest bake, in seconds. An execution watches the monitors during the whole bake. To wait for days, make the second
/// part a separate migration, with `requires` and `bake`.
const LONGEST_BAKE: i64 = 24 * 3600;

/// How many segments the canary wave migrates, and how long it bakes before the main wave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["segments"]}, {"required": ["percent"]}]))]
pub struct Canary {
    /// The number of segments in the canary: 1 or more, and fewer than the run has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 999_999))]
    pub segments: Option<u32>,
    /// The size of the canary in percent of the segments, rounded up to whole segments: over 0 and under 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 100))]
    pub percent: Option<f64>,
    /// How long the run waits after the canary is verified, for example `90s`, `10m` or `2h`; at most a day, and 10 minutes
    /// if left out. The run's alarms must be quiet during that time: if one is in ALARM, the run is on hold and the bake
    /// starts again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bake: Option<String>,
    /// Whether the main wave needs an approval, no matter whether the canary needed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approve: Option<bool>,
}

/// Why a canary is refused.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CanaryError {
    /// The canary has no size.
    #[error("has neither `segments` nor `percent`; write the size of the canary, for example {{\"percent\": 5}}")]
    NoSize,
    /// The canary has two sizes.
    #[error("has both `segments` and `percent`; choose one")]
    TwoSizes,
    /// `segments` is out of range.
    #[error("is {0}; write a number from 1 to 999999, fewer than the run has segments")]
    Segments(u32),
    /// `percent` is out of range.
    #[error("is {0}; write a number over 0 and under 100")]
    Percent(f64),
    /// `bake` is not a duration, or is too long.
    #[error("is `{0}`; write a time such as `90s`, `10m` or `2h`, at most `24h`")]
    Bake(String),
    /// The canary would contain every segment.
    #[error("is {canary} of {segments} segments, which leaves none for the main wave; write fewer, or more `segments`")]
    NoRest {
        /// The segments in the canary.
        canary: u32,
        /// The segments of the run.
        segments: u32,
    },
    /// A run with one segment cannot have a canary.
    #[error("needs a run of 2 segments or more; write a larger `segments`, or leave it out")]
    OneSegment,
    /// The input is less careful than the stage's policy.
    #[error("is {asked}, but this stage's policy requires {demanded}; an input may tighten a policy, not loosen it")]
    Loosened {
        /// The field of the input.
        field: &'static str,
        /// What the input says.
        asked: String,
        /// What the policy says.
        demanded: String,
    },
}

impl CanaryError {
    /// The field of the input that is wrong, as a path.
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
    /// Checks what can be checked before the number of segments is known. `segments` is the number in the input, if any.
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

    /// The minimum number of segments when the plan chooses it: enough for the canary's size in percent, and at least twice
    /// its size in segments, so that a canary is at most half of the table.
    pub fn least_segments(&self) -> u32 {
        let by_percent = |percent: f64| (100.0 / percent).ceil() as u32;
        self.segments.map(|n| n.saturating_mul(2)).or(self.percent.map(by_percent)).unwrap_or_default().max(2)
    }

    /// The canary of a run with this number of segments.
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

/// The canary of a run, as its plan contains it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CanaryPlan {
    /// The number of segments: the first ones in the [order](crate::plan::segments::order) of the run.
    pub segments: u32,
    /// The length of the bake, in seconds.
    pub bake_seconds: u64,
    /// Whether the main wave needs an approval.
    pub approve: bool,
}

impl CanaryPlan {
    /// The canary of a run with this number of segments: the one that the input asks for, or else the one that the stage's
    /// policy requires. The input may be more careful than the policy, but not less.
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
            (
                "canary.bake",
                asked.bake_seconds < demanded.bake_seconds,
                format_bake(asked.bake_seconds),
                demanded.bake(),
            ),
            ("canary.approve", demanded.approve && !asked.approve, "false".to_owned(), "true".to_owned()),
        ];
        match loosened.into_iter().find(|(_, loosened, ..)| *loosened) {
            Some((field, _, asked, demanded)) => Err(CanaryError::Loosened { field, asked, demanded }),
            None => Ok(Some(asked)),
        }
    }

    /// The length of the bake as people write it: `90s`, `10m`, `24h`.
    pub fn bake(&self) -> String {
        format_bake(self.bake_seconds)
    }

    fn size(&self) -> String {
        format!("at most {}", self.segments)
    }
}

fn format_bake(seconds: u64) -> String {
    match (seconds % 3600, seconds % 60) {
        (0, _) => format!("{}h", seconds / 3600),
        (_, 0) => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests;
