//! Why DynamoDB throttled, and how far the news reaches.
//!
//! Source: DynamoDB developer guide, "Diagnosing throttling": each reason is a resource (Table, Index), an operation
//! (Read, Write) and one of four causes.

use std::fmt;

/// How far a throttle reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// One key range is hot: only the worker that met it slows down.
    KeyRange,
    /// The table or one of its indexes has no more to give: every worker slows down.
    Table,
    /// The account's quota or the table's on-demand maximum is reached: the run's budget is lowered.
    Limit,
}

impl Reach {
    /// The reach of one of DynamoDB's reasons, such as `TableWriteKeyRangeThroughputExceeded`.
    pub fn of_reason(reason: &str) -> Option<Self> {
        let ends = |cause| reason.ends_with(cause);
        match () {
            () if ends("KeyRangeThroughputExceeded") => Some(Reach::KeyRange),
            () if ends("ProvisionedThroughputExceeded") => Some(Reach::Table),
            () if ends("AccountLimitExceeded") || ends("MaxOnDemandThroughputExceeded") => Some(Reach::Limit),
            () => None,
        }
    }

    /// The farthest reach of several reasons; without a known reason, the worker's own key range.
    pub fn of_reasons<'r>(reasons: impl IntoIterator<Item = &'r str>) -> Self {
        reasons.into_iter().filter_map(Self::of_reason).max().unwrap_or(Reach::KeyRange)
    }
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
    fn all_sixteen_reasons_have_a_reach_and_the_farthest_counts() {
        for resource in ["Table", "Index"] {
            for operation in ["Read", "Write"] {
                let reach = |cause: &str| Reach::of_reason(&format!("{resource}{operation}{cause}"));
                assert_eq!(reach("KeyRangeThroughputExceeded"), Some(Reach::KeyRange));
                assert_eq!(reach("ProvisionedThroughputExceeded"), Some(Reach::Table));
                assert_eq!(reach("AccountLimitExceeded"), Some(Reach::Limit));
                assert_eq!(reach("MaxOnDemandThroughputExceeded"), Some(Reach::Limit));
            }
        }
        let both = ["TableWriteKeyRangeThroughputExceeded", "IndexWriteProvisionedThroughputExceeded"];
        assert_eq!(Reach::of_reasons(both), Reach::Table);
        assert_eq!(Reach::of_reasons([]), Reach::KeyRange);
    }
}
