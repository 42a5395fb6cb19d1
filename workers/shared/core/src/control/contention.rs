//! Writes that DynamoDB rejects because someone else is writing the item at this moment. They took no effect, and the
//! same write may succeed a moment later. They are no throttles: the table has capacity, so the pace stays.

use serde::{Deserialize, Serialize};

/// Who was writing the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contention {
    /// A transaction of the application. Source: DynamoDB developer guide, "Transaction conflict handling in DynamoDB".
    Transaction,
    /// A replica in another Region. Source: DynamoDB API reference, UpdateItem, Errors.
    Replication,
}

impl Contention {
    /// The contention that an error code of DynamoDB, or of a statement in a batch, stands for; `None` for other codes.
    pub fn of_code(code: &str) -> Option<Self> {
        match code {
            "TransactionConflictException" | "TransactionConflict" => Some(Self::Transaction),
            "ReplicatedWriteConflictException" => Some(Self::Replication),
            _ => None,
        }
    }
}

/// The number of rejected writes, by who was writing the item.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Contentions {
    /// Writes that met a transaction of the application.
    pub transaction: u64,
    /// Writes that met a replica's write in another Region.
    pub replication: u64,
}

impl Contentions {
    /// Counts one rejected write.
    pub fn count(&mut self, contention: Contention) {
        *match contention {
            Contention::Transaction => &mut self.transaction,
            Contention::Replication => &mut self.replication,
        } += 1;
    }

    /// Each count that is not 0, with its meaning for people.
    pub fn named(&self) -> Vec<(u64, &'static str)> {
        let all = [
            (self.transaction, "with a transaction of the application"),
            (self.replication, "with a write in another Region"),
        ];
        all.into_iter().filter(|(count, _)| *count > 0).collect()
    }

    /// The sum of all counts.
    pub fn all(&self) -> u64 {
        self.transaction + self.replication
    }
}

impl std::ops::AddAssign for Contentions {
    fn add_assign(&mut self, other: Self) {
        self.transaction += other.transaction;
        self.replication += other.replication;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rejected_write_is_counted_by_who_was_writing_the_item() {
        let mut contentions = Contentions::default();
        for code in ["TransactionConflictException", "TransactionConflict", "ReplicatedWriteConflictException"] {
            contentions.count(Contention::of_code(code).unwrap());
        }
        contentions += contentions;
        assert_eq!((contentions.transaction, contentions.replication, contentions.all()), (4, 2, 6));
        assert_eq!(contentions.named().len(), 2);
        assert_eq!(Contention::of_code("ThrottlingException"), None);
    }
}
