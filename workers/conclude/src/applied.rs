//! Keeps the ledger's record of which migrations are applied to the table.

use tableshift_aws::ledger::runs::{Applied, RunRecord};
use tableshift_aws::run_files::load_recorded_plan;
use tableshift_aws::s3::Bucket;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;
use tableshift_runtime::ErrorName;

use crate::closing::Closing;
use crate::decision::Decision;
use crate::error::Fault;

impl Closing<'_> {
    /// Records what the run means for its migration. Returns whether this run has applied the migration.
    ///
    /// A migration is applied when the run that wrote it has a good verdict, and no longer applied when its items are
    /// restored. It is verified if the last verification had a good verdict.
    pub(crate) async fn update_applied(
        &mut self,
        bucket: &Bucket,
        record: Option<&RunRecord>,
        report: Option<&Report>,
        decision: &Decision,
    ) -> bool {
        let Some(record) = record else { return false };
        let (steps, error) = (self.state.steps, decision.error.as_deref());
        let is_success = decision.is_success();
        let (table, migration) = (&record.table, &record.migration);
        if is_success && steps.roll_back || error == Some(ErrorName::RolledBack.as_str()) {
            let forgotten = self.ledger.remove_applied(table, migration, &record.run).await;
            self.keep_fault("recording that the migration is no longer applied", forgotten);
            let removed = self.ledger.remove_writer(table, migration, &record.run).await;
            self.keep_fault("recording that the run's changes are rolled back", removed);
            return false;
        }
        let has_verdict = is_success || error == Some(ErrorName::VerificationFailed.as_str());
        if !has_verdict || !(steps.migrate || steps.verify) {
            return false;
        }
        let Some(plan) = self.read_plan(bucket, record).await else { return false };
        // A run over the dead letters of another run has read only a few items, so it says nothing about the others.
        if plan.dead_letters_of.is_some() {
            return false;
        }
        if is_success && steps.migrate {
            self.put_applied(&plan, record, report).await;
        } else if steps.verify {
            let updated = self.ledger.set_verified(table, migration, &record.migration_hash, is_success).await;
            self.keep_fault("recording the result of the verification", updated);
        }
        is_success && steps.migrate
    }

    async fn read_plan(&mut self, bucket: &Bucket, record: &RunRecord) -> Option<RunPlan> {
        load_recorded_plan(bucket, record).await.map_err(|error| self.faults.push(Fault::Plan(error))).ok()
    }

    async fn put_applied(&mut self, plan: &RunPlan, record: &RunRecord, report: Option<&Report>) {
        let migrated = report.and_then(|report| report.phases.get(&Phase::Migrate));
        let applied = Applied {
            run: record.run.clone(),
            hash: record.migration_hash.clone(),
            at: self.at.clone(),
            changed: migrated.map_or(0, |migrated| migrated.tally.counts.changed),
            verified: self.state.steps.verify,
            document: serde_json::to_string(&plan.migration).unwrap_or_default(),
        };
        let put = self.ledger.put_applied(&record.table, &record.migration, &applied).await;
        self.keep_fault("recording that the migration is applied", put);
    }
}
