//! The services and facts that a segment worker gets from outside.

use tableshift_aws::Clients;
use tableshift_aws::dynamodb::scan::TableItems;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tableshift_core::language::registry::Registry;
use tableshift_runtime::Clock;

/// What a segment worker works with, built once for each process.
#[derive(Debug)]
pub struct Ports<F> {
    /// The stack's bucket: plans, journals and results.
    pub bucket: Bucket,
    /// The ledger: locks, checkpoints and the control item.
    pub ledger: Ledger,
    /// Opens the items of the table with this name. The tests open tables that fail on purpose.
    pub items: F,
    /// The migrations in Rust that this build knows.
    pub registry: Registry,
    /// The clock, in epoch milliseconds.
    pub clock: Clock,
}

impl Ports<()> {
    /// The ports of a deployed worker.
    pub fn of(clients: &Clients, registry: Registry, clock: Clock) -> Ports<impl Fn(&str) -> TableItems + use<>> {
        Ports { bucket: clients.bucket(), ledger: clients.ledger(), items: clients.items(), registry, clock }
    }
}
