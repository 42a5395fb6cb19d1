//! One part of a phase (a segment, or an export file) at work: what every child of a Map does around its own loop.
//!
//! 1. [`Part::begin`] reads the plan, compiles the migration and claims the part, which fences off older attempts.
//! 2. The worker does a page, counts into `checkpoint.tally`, and calls [`Part::save`].
//! 3. [`Part::save`] asks what the worker is to do ([`Part::directive`]: is the lock still the run's, is it paused or
//!    stopped?), renews the lease when half of it is gone, and saves.
//! 4. At the end, or when time runs out, [`Part::leave`] writes the partial result that Report folds.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use tableshift_core::change::table_rules::TableRules;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::lock::Lock;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::control::throttle::{Reach, Reason, Throttles};
use tableshift_core::item::value::Item;
use tableshift_core::language::registry::{Registry, Runnable};
use tableshift_core::plan::child::Progress;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::{Finding, Partial, Tally};
use tableshift_core::write::judge::Judge;

use crate::part_error::PartError;
use tableshift_aws::Clients;
use tableshift_aws::dynamodb::scan::TableItems;
use tableshift_aws::ledger::checkpoints::{Checkpoint, Checkpoints};
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::{Ledger, LedgerError};
use tableshift_aws::monitors::reader::{Look, read_if_due};
use tableshift_aws::run_files::{load, load_plan, store, store_findings};
use tableshift_aws::s3::Bucket;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_runtime::Clock;

/// What a worker of a part works with.
#[derive(Debug)]
pub struct Ports<B, L, F> {
    /// The stack's bucket.
    pub bucket: B,
    /// The ledger.
    pub ledger: L,
    /// Opens the items of the table with this name.
    pub items: F,
    /// The migrations in Rust that this build knows.
    pub registry: Registry,
    /// The time.
    pub clock: Clock,
}

/// Which part of which run an invocation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartId {
    /// The run.
    pub run: String,
    /// The epoch of the execution that works on it.
    pub epoch: u64,
    /// The phase.
    pub phase: Phase,
    /// Whose turn it is.
    pub wave: Wave,
    /// The part's name.
    pub part: String,
}

/// What a worker is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// Go on.
    Work,
    /// Leave Lambda, and come back after so many seconds to ask again.
    Pause {
        /// Seconds.
        seconds: u64,
    },
}

/// How often the lock and the control item are read, at most.
const ASK_EVERY: Duration = Duration::from_secs(2);

/// A part that this invocation holds.
#[derive(Debug)]
pub struct Part<'e, B, L> {
    /// The stack's bucket.
    pub bucket: &'e B,
    /// The ledger.
    pub ledger: &'e L,
    /// Which part this is.
    pub id: PartId,
    /// The run's plan.
    pub plan: RunPlan,
    /// The migration.
    pub migration: Runnable,
    /// What the table demands of a change.
    pub rules: TableRules,
    /// How far the part got.
    pub checkpoint: Checkpoint,
    clock: Clock,
    asked: Cell<i64>,
    control: RefCell<Control>,
    /// Throttles of writes since the last page was counted in.
    throttles: Cell<Throttles>,
}

impl Ports<(), (), ()> {
    /// The ports of a deployed worker.
    pub fn of(
        clients: &Clients,
        registry: Registry,
        clock: Clock,
    ) -> Ports<Bucket, Ledger, impl Fn(&str) -> TableItems + use<>> {
        Ports { bucket: clients.bucket(), ledger: clients.ledger(), items: clients.items(), registry, clock }
    }
}

impl<'e, B: ReadObject + WriteObject, L: LockTable + Checkpoints + SteerRun> Part<'e, B, L> {
    /// Takes a part up where the attempt before it left it.
    pub async fn begin<F>(ports: &'e Ports<B, L, F>, id: PartId) -> Result<Self, PartError> {
        let Ports { bucket, ledger, registry, clock, .. } = ports;
        let file = |source| PartError::File { part: id.part.clone(), source };
        let plan = load_plan(bucket, &id.run).await.map_err(file)?;
        let migration = Runnable::of(&plan.migration, registry).map_err(PartError::Migration)?;
        let claimed = ledger.claim(&id.run, id.phase, &id.part, id.epoch).await;
        let claimed = claimed.map_err(|source| PartError::Ledger { part: id.part.clone(), source })?;
        let earlier = claimed.ok_or_else(|| PartError::LeaseLost { part: id.part.clone() })?;
        let checkpoint = taken_up(earlier, &id);
        let rules = TableRules::of(&plan.table, plan.locked_at / 1000);
        let (asked, control, throttles) = (Cell::new(i64::MIN), RefCell::default(), Cell::default());
        let clock = *clock;
        let mut part =
            Self { bucket, ledger, id, plan, migration, rules, checkpoint, clock, asked, control, throttles };
        part.directive().await?;
        part.recall_examples().await?;
        Ok(part)
    }

    /// Saves how far the part got. An error if an execution of a newer epoch has taken over: the caller stops.
    pub async fn save(&mut self) -> Result<(), PartError> {
        self.directive().await?;
        self.save_checkpoint().await
    }

    async fn save_checkpoint(&self) -> Result<(), PartError> {
        let mut checkpoint = self.checkpoint.clone();
        checkpoint.tally.throttles += self.throttles.get();
        let saved = self.ledger.save(&self.id.run, self.id.phase, &self.id.part, &checkpoint).await;
        let saved = saved.map_err(|source| self.ledger_error(source))?;
        if saved { Ok(()) } else { Err(self.lost()) }
    }

    /// Asks what to do, at most every two seconds: whether the lock is still the run's, and what the control item says.
    pub async fn directive(&self) -> Result<Directive, PartError> {
        let now = (self.clock)();
        if now.saturating_sub(self.asked.get()) >= ASK_EVERY.as_millis() as i64 {
            let control = self.ledger.control(&self.id.run, self.id.phase);
            let (lock, control) = futures::join!(self.ledger.lock(&self.plan.table.name), control);
            self.hold(lock.map_err(|source| self.ledger_error(source))?, now).await?;
            *self.control.borrow_mut() = control.map_err(|source| self.ledger_error(source))?;
            self.asked.set(now);
        }
        let told = self.told(now)?;
        if told == Directive::Work {
            self.clear_hold(now).await?;
        }
        Ok(told)
    }

    /// Nothing holds the run: the next hold is to be told again.
    async fn clear_hold(&self, now: i64) -> Result<(), PartError> {
        let Some(since) = self.control.borrow().outdated_hold(now) else { return Ok(()) };
        self.control.borrow_mut().hold_announced_at = None;
        self.ledger.clear_hold(&self.id.run, since).await.map_err(|source| self.ledger_error(source))
    }

    /// What the control item, as it was last read, and the plan's window say now.
    fn told(&self, now: i64) -> Result<Directive, PartError> {
        let control = self.control.borrow();
        if control.state == State::Stopped {
            let reason = control.reason.clone().unwrap_or("by an operator".into());
            return Err(PartError::Stopped { reason });
        }
        let hold =
            Hold::for_phase(self.id.phase, &control, self.plan.window.as_ref(), now).map_err(PartError::Window)?;
        Ok(hold.map_or(Directive::Work, |hold| Directive::Pause { seconds: hold.seconds }))
    }

    /// As [`Part::directive`], after a look at calendars and alarms if this worker is the one to look.
    pub async fn directive_with_monitors(&self, monitor_reader: &impl Look) -> Result<Directive, PartError> {
        self.directive().await?;
        let (now, before) = ((self.clock)(), self.control.borrow().monitor_status.clone());
        let looked = read_if_due(self.ledger, monitor_reader, &self.id.run, &self.plan.monitors, &before, now).await;
        if let Some(monitor_status) = looked.map_err(PartError::Look)? {
            self.control.borrow_mut().monitor_status = monitor_status;
        }
        self.told(now)
    }

    /// Renews the lease when half of it is gone.
    async fn hold(&self, lock: Option<Lock>, now: i64) -> Result<(), PartError> {
        let ours = |lock: &Lock| lock.run == self.id.run && lock.epoch == self.id.epoch && lock.execution.is_some();
        let Some(lock) = lock.filter(ours) else { return Err(self.lost()) };
        let lease = self.plan.lease_seconds as i64;
        if lock.lease_until - now / 1000 >= lease / 2 {
            return Ok(());
        }
        let renewed = self.ledger.renew(&self.plan.table.name, &self.id.run, self.id.epoch, now / 1000 + lease).await;
        match renewed.map_err(|source| self.ledger_error(source))? {
            true => Ok(()),
            false => Err(self.lost()),
        }
    }

    /// Tells every worker of a throttle that concerns them all, given what this one lately asked for in write units a
    /// second.
    pub async fn tell_throttle(&self, reach: Reach, asked: f64) -> Result<(), PartError> {
        let (plan, now, before) = (&self.plan, (self.clock)(), self.control.borrow().slowed);
        let size = (plan.segments_of(self.id.wave), plan.max_concurrency);
        let slowed = self.control.borrow().slowed_by(reach, asked, plan.write_units_per_second, size, now);
        let Some(slowed) = slowed else { return Ok(()) };
        self.control.borrow_mut().slowed = Some(slowed);
        self.ledger.slow(&self.id.run, before, slowed).await.map_err(|source| self.ledger_error(source))
    }

    /// Counts invalid items in and says whether the run has more of them than it tolerates.
    pub async fn over_budget(&self, invalid: u64) -> Result<Option<u64>, PartError> {
        if invalid == 0 {
            return Ok(None);
        }
        let total =
            self.ledger.count_invalid(&self.id.run, invalid).await.map_err(|source| self.ledger_error(source))?;
        Ok((total > self.plan.invalid_items).then_some(total))
    }

    /// Counts a page in, moves the cursor behind it and saves. No cursor: the part is done.
    pub async fn finish_page(&mut self, tally: Tally, cursor: Option<Item>) -> Result<(), PartError> {
        self.checkpoint.tally.add(tally);
        self.checkpoint.tally.throttles += self.throttles.take();
        self.checkpoint.page += 1;
        self.checkpoint.done = cursor.is_none();
        self.checkpoint.cursor = cursor;
        self.save().await?;
        self.count_done().await
    }

    /// Counts the part as done, so that those that are left share its budget.
    pub async fn count_done(&self) -> Result<(), PartError> {
        if !self.checkpoint.done {
            return Ok(());
        }
        let counted = self.ledger.count_done(&self.id.run, self.id.phase).await;
        counted.map_err(|source| self.ledger_error(source))
    }

    /// Writes the items of a page that a person should look at to `dead-letters/`.
    pub async fn dead_letters(&self, findings: &[Finding]) -> Result<(), PartError> {
        let id = &self.id;
        let name = format!("{:08}-{:06}.jsonl", self.checkpoint.page, self.checkpoint.attempt);
        let key = keys::dead_letters(&id.run, id.phase, &id.part, &name);
        let stored = store_findings(self.bucket, &key, findings).await;
        stored.map_err(|source| PartError::File { part: id.part.clone(), source })
    }

    /// Whether to begin another page: there is one, the run is not paused, and `in_time` holds.
    pub async fn goes_on(&self, in_time: bool) -> Result<bool, PartError> {
        Ok(!self.checkpoint.done && in_time && self.directive().await? == Directive::Work)
    }

    /// Writes the partial result and says when the child is to be called again.
    ///
    /// An attempt that stood still for long must not write over the result of the one that went on meanwhile: it asks
    /// the checkpoint first whose the part is.
    pub async fn leave(&self) -> Result<Progress, PartError> {
        let (id, done) = (&self.id, self.checkpoint.done);
        self.save_checkpoint().await?;
        let mut tally = self.checkpoint.tally.clone();
        tally.throttles += self.throttles.get();
        let partial = Partial { phase: id.phase, part: id.part.clone(), done, tally };
        let stored = store(self.bucket, &keys::partial(&id.run, id.phase, &id.part), &partial).await;
        stored.map_err(|source| PartError::File { part: id.part.clone(), source })?;
        match self.directive().await? {
            Directive::Pause { seconds } if !done => {
                self.keep_lock_for(seconds).await?;
                let announce_hold = self.control.borrow().hold_announced_at.is_none();
                Ok(Progress { done, wait_seconds: seconds, announce_hold })
            }
            _ => Ok(Progress::of(done)),
        }
    }

    /// While every child waits nothing renews the lease, so it has to last over the wait.
    async fn keep_lock_for(&self, seconds: u64) -> Result<(), PartError> {
        let until = (self.clock)() / 1000 + (seconds + self.plan.lease_seconds) as i64;
        let renewed = self.ledger.renew(&self.plan.table.name, &self.id.run, self.id.epoch, until).await;
        if renewed.map_err(|source| self.ledger_error(source))? { Ok(()) } else { Err(self.lost()) }
    }

    /// Examples are kept out of the ledger, so an attempt that goes on takes them from the partial result.
    async fn recall_examples(&mut self) -> Result<(), PartError> {
        if self.checkpoint.page == 0 {
            return Ok(());
        }
        let key = keys::partial(&self.id.run, self.id.phase, &self.id.part);
        let earlier = load::<Partial>(self.bucket, &key).await;
        let earlier = earlier.map_err(|source| PartError::File { part: self.id.part.clone(), source })?;
        if let Some(earlier) = earlier {
            self.checkpoint.tally.samples = earlier.tally.samples;
            self.checkpoint.tally.findings = earlier.tally.findings;
        }
        Ok(())
    }

    fn ledger_error(&self, source: LedgerError) -> PartError {
        PartError::Ledger { part: self.id.part.clone(), source }
    }

    fn lost(&self) -> PartError {
        PartError::LeaseLost { part: self.id.part.clone() }
    }
}

/// The checkpoint that an attempt begins with. Only writing goes on across executions: a proof, a dry run or a way
/// back that another execution or the canary began is begun anew, for the table may have changed since.
fn taken_up(earlier: Checkpoint, id: &PartId) -> Checkpoint {
    let (attempt, epoch, wave) = (earlier.attempt + 1, id.epoch, id.wave);
    let is_another_s = earlier.epoch < epoch || earlier.wave != wave;
    let earlier = if id.phase != Phase::Migrate && is_another_s { Checkpoint::default() } else { earlier };
    Checkpoint { attempt, epoch, wave, ..earlier }
}

impl<B, L> Part<'_, B, L> {
    /// This worker's write units a second, as things are now.
    pub fn write_share(&self) -> Option<f64> {
        let (plan, now) = (&self.plan, (self.clock)());
        let segments = plan.segments_of(self.id.wave);
        self.control.borrow().write_share(plan.write_units_per_second, segments, plan.max_concurrency, now)
    }

    /// This worker's read units a second, as things are now.
    pub fn read_share(&self) -> Option<f64> {
        let plan = &self.plan;
        let segments = plan.segments_of(self.id.wave);
        self.control.borrow().read_share(plan.read_units_per_second, segments, plan.max_concurrency)
    }

    /// What items are judged by.
    pub fn judge(&self) -> Judge<'_, Runnable> {
        Judge { migration: &self.migration, rules: &self.rules, table: &self.plan.table }
    }

    /// Counts a throttle of a write. It is in the ledger with the next page, or when the worker leaves.
    pub fn count_throttle(&self, reason: Option<Reason>) {
        let mut throttles = self.throttles.get();
        throttles.count(reason);
        self.throttles.set(throttles);
    }

    /// The clock that this invocation goes by.
    pub fn clock(&self) -> Clock {
        self.clock
    }
}
