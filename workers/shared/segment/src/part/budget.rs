//! A worker's share of the run's write and read units, and the throttles that it meets.
use tableshift_core::control::contention::Contention;
use tableshift_core::control::throttle::{Reach, Reason};

use super::claimed::Part;
use super::error::PartError;

impl Part<'_> {
    /// This worker's share of the budget now, in write units a second; `None` for no limit.
    pub fn write_share(&self) -> Option<f64> {
        let (plan, now) = (&self.plan, (self.clock)());
        let segments = plan.segments_of(self.id.wave);
        self.control.borrow().write_share(plan.write_units_per_second, segments, plan.max_concurrency, now)
    }

    /// This worker's share of the budget now, in read units a second; `None` for no limit.
    pub fn read_share(&self) -> Option<f64> {
        let plan = &self.plan;
        let segments = plan.segments_of(self.id.wave);
        self.control.borrow().read_share(plan.read_units_per_second, segments, plan.max_concurrency)
    }

    /// Slows down the whole run after a throttle that concerns every worker. `requested` is what this worker lately
    /// used, in write units a second.
    pub async fn report_throttle(&self, reach: Reach, requested: f64) -> Result<(), PartError> {
        let (plan, now, before) = (&self.plan, (self.clock)(), self.control.borrow().slowed);
        let size = (plan.segments_of(self.id.wave), plan.max_concurrency);
        let slowed = self.control.borrow().slowed_by(reach, requested, plan.write_units_per_second, size, now);
        let Some(slowed) = slowed else { return Ok(()) };
        self.control.borrow_mut().slowed = Some(slowed);
        Ok(self.ledger.slow(&self.id.run, before, slowed).await?)
    }

    /// Counts a throttled write. The ledger gets it with the next page, or at the end of the invocation.
    pub fn count_throttle(&self, reason: Option<Reason>) {
        let mut throttles = self.throttles.get();
        throttles.count(reason);
        self.throttles.set(throttles);
    }

    /// Counts a write that was rejected because someone else was writing the item.
    pub fn count_contention(&self, contention: Contention) {
        let mut contentions = self.contentions.get();
        contentions.count(contention);
        self.contentions.set(contentions);
    }
}
