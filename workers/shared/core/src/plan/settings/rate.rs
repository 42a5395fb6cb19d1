//! A rate limit as inputs and policies write it: capacity units per second, or a percentage of what the table can take.

use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use thiserror::Error;

/// Units per second (`500`), or a percentage of the table's limit (`"50%"`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Rate {
    /// Capacity units per second.
    Units(#[schemars(range(min = 1))] u32),
    /// A percentage of the table's limit: its provisioned throughput, its on-demand maximum, or its warm throughput.
    Percent(#[schemars(regex(pattern = r"^[1-9][0-9]?%$|^100%$"))] String),
}

/// Written by hand for its error messages: those of a derived untagged enum do not say what is expected.
impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyRate;
        impl Visitor<'_> for AnyRate {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("units per second, or a percentage such as \"50%\"")
            }

            fn visit_u64<E: Error>(self, units: u64) -> Result<Rate, E> {
                u32::try_from(units)
                    .map(Rate::Units)
                    .map_err(|_| E::custom("more units per second than any table takes"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Rate, E> {
                Ok(Rate::Percent(text.to_owned()))
            }
        }
        deserializer.deserialize_any(AnyRate)
    }
}

/// Why a rate cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum RateError {
    /// The value is not a rate.
    #[error("is `{0}`; write units per second, 1 or more, or a percentage from \"1%\" to \"100%\"")]
    Illegal(String),
    /// The limit of the table is unknown.
    #[error("is `{0}`, but the table reports no limit to take a percentage of; write units per second")]
    NoLimit(String),
}

impl Rate {
    /// Checks the value itself, without a table.
    pub fn check(&self) -> Result<(), RateError> {
        self.of_limit(Some(100)).map(drop)
    }

    /// The rate in units per second for a table with this limit, also in units per second.
    pub fn of_limit(&self, limit: Option<u64>) -> Result<u32, RateError> {
        match self {
            Rate::Units(0) => Err(RateError::Illegal("0".into())),
            Rate::Units(units) => Ok(*units),
            Rate::Percent(text) => {
                let percent = text.strip_suffix('%').and_then(|digits| digits.parse::<u64>().ok());
                let percent = percent.filter(|percent| (1..=100).contains(percent));
                let percent = percent.ok_or_else(|| RateError::Illegal(text.clone()))?;
                let limit = limit.ok_or_else(|| RateError::NoLimit(text.clone()))?;
                Ok(u32::try_from((limit * percent / 100).max(1)).unwrap_or(u32::MAX))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_of_the_limit_of_the_table() {
        assert_eq!(Rate::Units(7).of_limit(None), Ok(7));
        assert_eq!(Rate::Percent("25%".into()).of_limit(Some(4000)), Ok(1000));
        assert_eq!(Rate::Percent("1%".into()).of_limit(Some(10)), Ok(1));
        assert_eq!(Rate::Percent("25%".into()).of_limit(None), Err(RateError::NoLimit("25%".into())));
        for illegal in ["0%", "101%", "half", "50"] {
            assert_eq!(Rate::Percent(illegal.into()).check(), Err(RateError::Illegal(illegal.into())));
        }
    }
}
