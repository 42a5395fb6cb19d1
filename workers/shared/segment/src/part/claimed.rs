//! The part that an invocation has claimed: its plan, its migration and its checkpoint.

use std::cell::{Cell, RefCell};

use tableshift_aws::ledger::checkpoints::Checkpoint;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tableshift_core::change::table_rules::TableRules;
use tableshift_core::control::contention::Contentions;
use tableshift_core::control::run_control::Control;
use tableshift_core::control::throttle::Throttles;
use tableshift_core::language::registry::Runnable;
use tableshift_core::plan::child::SegmentInput;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::judge::Judge;
use tableshift_runtime::Clock;

/// Which part of which run an invocation works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartId {
    /// The run's id: the name of the execution that began it.
    pub run: String,
    /// The fencing token of the execution that works on the run.
    pub epoch: u64,
    /// The phase that the part belongs to.
    pub phase: Phase,
    /// The wave that the part is worked on in.
    pub wave: Wave,
    /// The part's name, unique in its phase.
    pub part: String,
}

impl PartId {
    /// The part that a phase makes of a segment.
    pub fn of_segment(phase: Phase, input: SegmentInput) -> Self {
        let SegmentInput { run, epoch, wave, segment } = input;
        Self { run, epoch, phase, wave, part: segments::name(segment) }
    }
}

/// A part that this invocation has claimed.
#[derive(Debug)]
pub struct Part<'p> {
    /// The stack's bucket.
    pub bucket: &'p Bucket,
    /// The ledger.
    pub ledger: &'p Ledger,
    /// Which part this is.
    pub id: PartId,
    /// The run's plan.
    pub plan: RunPlan,
    /// The run's migration, compiled.
    pub migration: Runnable,
    /// What the table demands of a change.
    pub rules: TableRules,
    /// How far the part got, including pages that this attempt has counted and not yet saved.
    pub checkpoint: Checkpoint,
    /// The clock of this invocation, in epoch milliseconds.
    pub clock: Clock,
    /// When the lock and the control item were last read, in epoch milliseconds.
    pub(super) control_read_at: Cell<i64>,
    /// The control item as it was last read.
    pub(super) control: RefCell<Control>,
    /// Throttled writes since the last page was counted.
    pub(super) throttles: Cell<Throttles>,
    /// Contended writes since the last page was counted.
    pub(super) contentions: Cell<Contentions>,
}

impl Part<'_> {
    /// Judges items by the run's migration and its table.
    pub fn judge(&self) -> Judge<'_, Runnable> {
        Judge { migration: &self.migration, rules: &self.rules, table: &self.plan.table }
    }
}
