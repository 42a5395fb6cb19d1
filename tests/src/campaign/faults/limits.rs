//! What the simulated table can take: units a second, of all of it or of some of its keys.

use crate::campaign::faults::requests::throttled;

/// A limit, as a bucket of units that refuses while it is empty.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What is limited.
    pub on: On,
    /// How `DynamoDB` names the reason, after `TableWrite`.
    pub cause: Cause,
    /// Units a second.
    pub units_per_second: f64,
    /// From when to when it holds, in simulated milliseconds.
    pub holds: std::ops::Range<i64>,
    level: f64,
    filled: i64,
}

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    /// The whole table.
    Table,
    /// Items with one of these partition keys.
    Keys(Vec<String>),
}

/// Why a write is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A partition is hot.
    KeyRange,
    /// The table's provisioned units are used up.
    Provisioned,
    /// The account's quota is.
    Account,
    /// The table's on-demand maximum is.
    OnDemandMaximum,
}

impl Limit {
    /// A limit that holds for good.
    pub fn new(on: On, cause: Cause, units_per_second: f64) -> Self {
        Self { on, cause, units_per_second, holds: 0..i64::MAX, level: units_per_second, filled: 0 }
    }

    /// The same from one time to another, in simulated milliseconds.
    pub fn during(self, holds: std::ops::Range<i64>) -> Self {
        Self { holds, ..self }
    }

    /// Whether a write of an item with this partition key is refused now.
    pub fn refuses(&mut self, key: &str, now: i64) -> bool {
        // DynamoDB saves up unused capacity; here it is one second's.
        let gained = self.units_per_second * (now - self.filled).max(0) as f64 / 1000.0;
        self.level = (self.level + gained).min(self.units_per_second);
        self.filled = now;
        if !self.holds.contains(&now) {
            self.level = self.units_per_second;
        }
        self.is_about(key) && self.level <= 0.0
    }

    /// Takes what a write consumed.
    pub fn charge(&mut self, key: &str, units: f64) {
        if self.is_about(key) {
            self.level -= units;
        }
    }

    fn is_about(&self, key: &str) -> bool {
        match &self.on {
            On::Table => true,
            On::Keys(keys) => keys.iter().any(|about| about == key),
        }
    }
}

impl Cause {
    /// Whether a batch is refused as a whole, and not statement by statement.
    ///
    /// Source: `DynamoDB` API reference, `BatchExecuteStatement`: a request fails as a whole with `RequestLimitExceeded`
    /// or `ThrottlingException`; a statement has a code of its own.
    pub fn is_of_the_request(self) -> bool {
        matches!(self, Self::Account | Self::OnDemandMaximum)
    }

    /// The code of a statement that is throttled. It tells no reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyRange => "ThrottlingError",
            Self::Provisioned => "ProvisionedThroughputExceeded",
            Self::Account | Self::OnDemandMaximum => "RequestLimitExceeded",
        }
    }

    /// The answer to a request that is throttled, with its reason.
    pub fn answer(self) -> String {
        let (exception, cause) = match self {
            Self::KeyRange => ("ThrottlingException", "KeyRangeThroughputExceeded"),
            Self::Provisioned => ("ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded"),
            Self::Account => ("RequestLimitExceeded", "AccountLimitExceeded"),
            Self::OnDemandMaximum => ("ThrottlingException", "MaxOnDemandThroughputExceeded"),
        };
        String::from_utf8(throttled(exception, &format!("TableWrite{cause}"))).expect("JSON is text")
    }
}
