//! Why DynamoDB throttled a request, and which workers must slow down.
//!
//! Source: DynamoDB developer guide, "Diagnosing throttling": each reason is a resource (Table, Index), an operation
//! (Read, Write) and one of four causes.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why DynamoDB throttled a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// A key range of the table, or of an index, is hot.
    KeyRange,
    /// The table's provisioned throughput is used up.
    Table,
    /// The provisioned throughput of an index is used up.
    Index,
    /// The account's quota for a table, or an index, is reached.
    Account,
    /// The configured on-demand maximum of the table, or of an index, is reached.
    OnDemandMaximum,
}

impl Reason {
    /// Parses one of DynamoDB's reasons, such as `TableWriteKeyRangeThroughputExceeded`; `None` if it is unknown.
    pub fn of(reason: &str) -> Option<Self> {
        let ends = |cause| reason.ends_with(cause);
        match () {
            () if ends("KeyRangeThroughputExceeded") => Some(Self::KeyRange),
            () if ends("ProvisionedThroughputExceeded") && reason.starts_with("Index") => Some(Self::Index),
            () if ends("ProvisionedThroughputExceeded") => Some(Self::Table),
            () if ends("AccountLimitExceeded") => Some(Self::Account),
            () if ends("MaxOnDemandThroughputExceeded") => Some(Self::OnDemandMaximum),
            () => None,
        }
    }

    /// The reason with the farthest reach among several; unknown ones are skipped.
    pub fn of_all<'r>(reasons: impl IntoIterator<Item = &'r str>) -> Option<Self> {
        reasons.into_iter().filter_map(Self::of).max_by_key(|reason| reason.reach())
    }

    /// Which workers must slow down.
    pub fn reach(self) -> Reach {
        match self {
            Self::KeyRange => Reach::KeyRange,
            Self::Table | Self::Index => Reach::Table,
            Self::Account | Self::OnDemandMaximum => Reach::Limit,
        }
    }
}

/// The number of throttled requests, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Throttles {
    /// A key range of the table or of an index was hot.
    pub key_range: u64,
    /// The table's provisioned throughput was used up.
    pub table: u64,
    /// The provisioned throughput of an index was used up.
    pub index: u64,
    /// The account's quota was reached.
    pub account: u64,
    /// The on-demand maximum was reached.
    pub on_demand_maximum: u64,
    /// DynamoDB gave no reason: it gives none for a statement in a batch.
    pub unknown: u64,
}

impl Throttles {
    /// Counts one request; `None` if the reason is unknown.
    pub fn count(&mut self, reason: Option<Reason>) {
        *match reason {
            Some(Reason::KeyRange) => &mut self.key_range,
            Some(Reason::Table) => &mut self.table,
            Some(Reason::Index) => &mut self.index,
            Some(Reason::Account) => &mut self.account,
            Some(Reason::OnDemandMaximum) => &mut self.on_demand_maximum,
            None => &mut self.unknown,
        } += 1;
    }

    /// Each count that is not 0, with its reason for people.
    pub fn named(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.key_range, "of a hot key range"),
            (self.table, "of the table"),
            (self.index, "of an index"),
            (self.account, "of the account's quota"),
            (self.on_demand_maximum, "of the on-demand maximum"),
            (self.unknown, "without a reason"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }

    /// The sum of all counts.
    pub fn all(&self) -> u64 {
        self.named().iter().map(|(count, _)| count).sum()
    }
}

impl std::ops::AddAssign for Throttles {
    fn add_assign(&mut self, other: Self) {
        self.key_range += other.key_range;
        self.table += other.table;
        self.index += other.index;
        self.account += other.account;
        self.on_demand_maximum += other.on_demand_maximum;
        self.unknown += other.unknown;
    }
}

/// Which workers must slow down after a throttle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// One key range is hot: only the worker that met the throttle slows down.
    KeyRange,
    /// The throughput of the table or of an index is used up: every worker slows down.
    Table,
    /// The account's quota or an on-demand maximum is reached: every worker slows down, and recovers slowly.
    Limit,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reach::KeyRange => "key range",
            Reach::Table => "table or index",
            Reach::Limit => "account or on-demand maximum",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_sixteen_reasons_are_known_and_have_a_reach() {
        for operation in ["Read", "Write"] {
            for (resource, provisioned) in [("Table", Reason::Table), ("Index", Reason::Index)] {
                let reason = |cause: &str| Reason::of(&format!("{resource}{operation}{cause}"));
                assert_eq!(reason("KeyRangeThroughputExceeded"), Some(Reason::KeyRange));
                assert_eq!(reason("ProvisionedThroughputExceeded"), Some(provisioned));
                assert_eq!(reason("AccountLimitExceeded"), Some(Reason::Account));
                assert_eq!(reason("MaxOnDemandThroughputExceeded"), Some(Reason::OnDemandMaximum));
            }
        }
        assert_eq!(Reason::of("Odd"), None);
        assert_eq!((Reason::KeyRange.reach(), Reason::Account.reach()), (Reach::KeyRange, Reach::Limit));
    }

    #[test]
    fn the_reason_with_the_farthest_reach_counts() {
        let both = ["IndexWriteProvisionedThroughputExceeded", "TableWriteKeyRangeThroughputExceeded"];
        assert_eq!(Reason::of_all(both), Some(Reason::Index));
        assert_eq!(Reason::of_all([]), None);
    }

    #[test]
    fn throttles_are_counted_by_reason_and_sum_up() {
        let mut throttles = Throttles::default();
        let reasons =
            [Reason::KeyRange, Reason::Table, Reason::Index, Reason::Account, Reason::OnDemandMaximum].map(Some);
        for (more, reason) in reasons.into_iter().chain([None]).enumerate() {
            (0..=more).for_each(|_| throttles.count(reason));
        }
        let counts: Vec<u64> = throttles.named().iter().map(|(count, _)| *count).collect();
        assert_eq!((counts, throttles.all()), (vec![1, 2, 3, 4, 5, 6], 21));
        throttles += throttles;
        assert_eq!((throttles.key_range, throttles.unknown, throttles.all()), (2, 12, 42));
        assert_eq!(Throttles::default().named(), []);
    }
}
