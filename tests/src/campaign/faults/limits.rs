//! Capacity limits of the simulated table: units a second, for the whole table or for some of its keys.

use crate::campaign::faults::requests::throttled;

/// A capacity limit: a token bucket that throttles while it is empty.
#[derive(Debug, Clone)]
pub struct Limit {
    /// What the limit applies to.
    pub scope: LimitScope,
    /// How `DynamoDB` names the reason, after `TableWrite`.
    pub cause: ThrottleCause,
    /// Units a second.
    pub units_per_second: f64,
    /// When the limit is active, in simulated milliseconds.
    pub active: std::ops::Range<i64>,
    /// The units that are left.
    level: f64,
    /// When units were last added, in simulated milliseconds.
    filled: i64,
}

/// What a limit applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LimitScope {
    /// The whole table.
    Table,
    /// Items with one of these partition keys.
    Keys(Vec<String>),
}

/// Why a write is throttled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleCause {
    /// A partition is hot.
    KeyRange,
    /// The table's provisioned units are exhausted.
    Provisioned,
    /// The account's quota is exhausted.
    Account,
    /// The table's maximum on-demand throughput is exceeded.
    OnDemandMaximum,
}

impl Limit {
    /// A limit that is always active.
    pub fn new(scope: LimitScope, cause: ThrottleCause, units_per_second: f64) -> Self {
        Self { scope, cause, units_per_second, active: 0..i64::MAX, level: units_per_second, filled: 0 }
    }

    /// The same limit, active only in this interval of simulated milliseconds.
    pub fn during(self, active: std::ops::Range<i64>) -> Self {
        Self { active, ..self }
    }

    /// Whether a write of an item with this partition key is throttled now.
    pub fn throttles(&mut self, key: &str, now: i64) -> bool {
        // DynamoDB saves unused capacity for bursts; here it is the capacity of one second.
        let gained = self.units_per_second * (now - self.filled).max(0) as f64 / 1000.0;
        self.level = (self.level + gained).min(self.units_per_second);
        self.filled = now;
        if !self.active.contains(&now) {
            self.level = self.units_per_second;
        }
        self.applies_to(key) && self.level <= 0.0
    }

    /// Subtracts the units that a write consumed.
    pub fn charge(&mut self, key: &str, units: f64) {
        if self.applies_to(key) {
            self.level -= units;
        }
    }

    fn applies_to(&self, key: &str) -> bool {
        match &self.scope {
            LimitScope::Table => true,
            LimitScope::Keys(keys) => keys.iter().any(|limited| limited == key),
        }
    }
}

impl ThrottleCause {
    /// Whether a batch is throttled as a whole, and not statement by statement.
    ///
    /// Source: `DynamoDB` API reference, `BatchExecuteStatement`: a request fails as a whole with `RequestLimitExceeded`
    /// or `ThrottlingException`; each statement has its own code.
    pub fn throttles_whole_request(self) -> bool {
        matches!(self, Self::Account | Self::OnDemandMaximum)
    }

    /// The error code of a throttled statement. It carries no reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::KeyRange => "ThrottlingError",
            Self::Provisioned => "ProvisionedThroughputExceeded",
            Self::Account | Self::OnDemandMaximum => "RequestLimitExceeded",
        }
    }

    /// The body of the response to a throttled request, with the reason.
    pub fn response_body(self) -> String {
        let (exception, cause) = match self {
            Self::KeyRange => ("ThrottlingException", "KeyRangeThroughputExceeded"),
            Self::Provisioned => ("ProvisionedThroughputExceededException", "ProvisionedThroughputExceeded"),
            Self::Account => ("RequestLimitExceeded", "AccountLimitExceeded"),
            Self::OnDemandMaximum => ("ThrottlingException", "MaxOnDemandThroughputExceeded"),
        };
        String::from_utf8(throttled(exception, &format!("TableWrite{cause}"))).expect("JSON is UTF-8")
    }
}
