//! Claiming a part, and the checkpoint that an attempt continues from.

use std::cell::{Cell, RefCell};

use tableshift_aws::ledger::checkpoints::Checkpoint;
use tableshift_aws::run_files::{RunFileError, load, load_recorded_plan};
use tableshift_core::change::table_rules::TableRules;
use tableshift_core::language::registry::Runnable;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Partial;
use tableshift_core::write::roll_back_place::RolledBack;

use super::claimed::{Part, PartId};
use super::error::PartError;
use crate::ports::Ports;

impl<'p> Part<'p> {
    /// Claims a part, which fences off older attempts, and continues where the attempt before stopped. Fails with
    /// `MigrationChanged` if the plan is not the one that was recorded, with
    /// `LeaseLost` if the lock or the part belongs to another execution, and with `Aborted` if the run is stopped.
    pub async fn begin<F>(ports: &'p Ports<F>, id: PartId) -> Result<Self, PartError> {
        let Ports { bucket, ledger, registry, clock, .. } = ports;
        let record = ledger.run(&id.run).await?.ok_or_else(|| RunFileError::NoRun(id.run.clone()))?;
        let plan = load_recorded_plan(bucket, &record).await?;
        let migration = Runnable::of(&plan.migration, registry).map_err(PartError::Migration)?;
        let claimed = ledger.claim(&id.run, id.phase, &id.part, id.epoch).await?;
        let checkpoint = continued(claimed.ok_or(PartError::LeaseLost)?, &id);
        let rules = TableRules::of(&plan.table, plan.locked_at / 1000);
        let mut part = Self {
            bucket,
            ledger,
            id,
            plan,
            migration,
            rules,
            checkpoint,
            clock: *clock,
            control_read_at: Cell::new(i64::MIN),
            control: RefCell::default(),
            throttles: Cell::default(),
            contentions: Cell::default(),
        };
        part.directive().await?;
        part.load_examples().await?;
        Ok(part)
    }

    /// Loads the examples that earlier attempts collected. They are in the partial result, because the ledger must not
    /// hold item values.
    async fn load_examples(&mut self) -> Result<(), PartError> {
        if self.checkpoint.page == 0 {
            return Ok(());
        }
        let key = keys::partial(&self.id.run, self.id.phase, &self.id.part);
        if let Some(earlier) = load::<Partial>(self.bucket, &key).await? {
            self.checkpoint.tally.samples = earlier.tally.samples;
            self.checkpoint.tally.findings = earlier.tally.findings;
        }
        Ok(())
    }
}

/// The checkpoint that an attempt starts with. Migrate and a roll-back that is not complete continue across executions and
/// waves. The others start again, because the table may have changed since.
fn continued(earlier: Checkpoint, id: &PartId) -> Checkpoint {
    let (attempt, epoch, wave) = (earlier.attempt + 1, id.epoch, id.wave);
    let same_execution_and_wave = earlier.epoch >= epoch && earlier.wave == wave;
    let earlier = match id.phase {
        _ if same_execution_and_wave => earlier,
        Phase::Migrate => earlier,
        Phase::RollBack if !earlier.done => earlier,
        Phase::RollBack => {
            let rolled_back = RolledBack { once_complete: true, ..RolledBack::default() };
            Checkpoint { rolled_back, ..Checkpoint::default() }
        }
        Phase::DryRun | Phase::Verify => Checkpoint::default(),
    };
    Checkpoint { attempt, epoch, wave, ..earlier }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::plan::wave::Wave;

    fn id(phase: Phase, epoch: u64, wave: Wave) -> PartId {
        PartId { run: "r".into(), epoch, phase, wave, part: "0".into() }
    }

    fn earlier() -> Checkpoint {
        Checkpoint { attempt: 3, epoch: 5, page: 7, wave: Wave::Main, ..Checkpoint::default() }
    }

    #[test]
    fn every_attempt_continues_within_its_execution_and_wave() {
        for phase in [Phase::DryRun, Phase::Migrate, Phase::Verify, Phase::RollBack] {
            let checkpoint = continued(earlier(), &id(phase, 5, Wave::Main));
            assert_eq!(checkpoint, Checkpoint { attempt: 4, ..earlier() });
        }
    }

    #[test]
    fn migrate_continues_across_executions_and_waves_and_the_phases_that_only_read_do_not() {
        for (epoch, wave) in [(6, Wave::Main), (5, Wave::Canary)] {
            let checkpoint = continued(earlier(), &id(Phase::Migrate, epoch, wave));
            assert_eq!(checkpoint, Checkpoint { attempt: 4, epoch, wave, ..earlier() });
            for phase in [Phase::DryRun, Phase::Verify] {
                let checkpoint = continued(earlier(), &id(phase, epoch, wave));
                assert_eq!(checkpoint, Checkpoint { attempt: 4, epoch, wave, ..Checkpoint::default() });
            }
        }
    }

    #[test]
    fn another_roll_back_continues_where_the_first_one_stopped() {
        let id = id(Phase::RollBack, 6, Wave::Whole);
        let stopped = Checkpoint { wave: Wave::Whole, ..earlier() };
        let expected = Checkpoint { attempt: 4, epoch: 6, ..stopped.clone() };
        assert_eq!(continued(stopped.clone(), &id), expected);
        let complete = continued(Checkpoint { done: true, ..stopped }, &id);
        assert!(complete.rolled_back.once_complete && !complete.done && complete.page == 0);
    }
}
