//! Counting a page, saving the checkpoint, and ending an invocation.
use tableshift_aws::run_files::{store, store_findings};
use tableshift_core::item::value::Item;
use tableshift_core::plan::child::Progress;
use tableshift_core::plan::keys;
use tableshift_core::write::counts::{Finding, Partial, Tally};
use tableshift_core::write::roll_back_place::Place;

use super::claimed::Part;
use super::directive::Directive;
use super::error::PartError;

impl Part<'_> {
    /// Counts a page, moves the cursor behind it and saves. Without a cursor the part is done.
    pub async fn finish_page(&mut self, tally: Tally, cursor: Option<Item>) -> Result<(), PartError> {
        let done = cursor.is_none();
        self.finish_piece(tally, cursor, done).await
    }

    /// As [`Part::finish_page`], for a part that may not be done after its last page.
    pub async fn finish_piece(&mut self, tally: Tally, cursor: Option<Item>, done: bool) -> Result<(), PartError> {
        self.count(tally).await?;
        self.checkpoint.page += 1;
        self.checkpoint.done = done;
        self.checkpoint.cursor = cursor;
        self.save().await?;
        self.count_done().await
    }

    /// Counts a piece of a roll-back and saves where it continues; `None`: the part is done.
    pub async fn finish_restored(&mut self, tally: Tally, place: Option<Place>) -> Result<(), PartError> {
        self.count(tally).await?;
        self.checkpoint.page += 1;
        self.checkpoint.done = place.is_none();
        self.checkpoint.rolled_back.place = place.unwrap_or_else(Place::before_repeated);
        self.save().await?;
        self.count_done().await
    }

    /// Counts a batch of lines of an export file and saves; `lines` are now done in total.
    pub async fn finish_lines(&mut self, tally: Tally, lines: u64, done: bool) -> Result<(), PartError> {
        self.count(tally).await?;
        (self.checkpoint.page, self.checkpoint.done) = (lines, done);
        self.save().await?;
        self.count_done().await
    }

    /// Saves how far the part got. Fails with `LeaseLost` if another execution or a later attempt has taken over.
    pub async fn save(&mut self) -> Result<(), PartError> {
        self.directive().await?;
        self.save_checkpoint().await
    }

    /// Adds the invalid items of a page to those of the whole run. Returns their number if it is more than the plan
    /// tolerates.
    pub async fn count_invalid(&self, items: u64) -> Result<Option<u64>, PartError> {
        if items == 0 {
            return Ok(None);
        }
        let total = self.ledger.count_invalid(&self.id.run, items).await?;
        Ok((total > self.plan.invalid_items).then_some(total))
    }

    /// Writes the partial result that Report folds, and says whether and when to call the worker again.
    ///
    /// The checkpoint is saved first, because that fails if a later attempt has the part: an attempt that was frozen
    /// for long must not overwrite the result of the one that replaced it.
    pub async fn end_invocation(&self) -> Result<Progress, PartError> {
        let (id, done) = (&self.id, self.checkpoint.done);
        self.save_checkpoint().await?;
        let tally = self.tally();
        let partial = Partial { phase: id.phase, part: id.part.clone(), done, tally };
        store(self.bucket, &keys::partial(&id.run, id.phase, &id.part), &partial).await?;
        match self.directive().await? {
            Directive::Hold { seconds } if !done => {
                self.renew_beyond(seconds).await?;
                let announce_hold = self.control.borrow().hold_announced_at.is_none();
                Ok(Progress { done, wait_seconds: seconds, announce_hold })
            }
            _ => Ok(Progress::of(done)),
        }
    }

    async fn count(&mut self, tally: Tally) -> Result<(), PartError> {
        self.store_dead_letters(&tally.findings).await?;
        self.checkpoint.tally.add(tally);
        self.checkpoint.tally.throttles += self.throttles.take();
        self.checkpoint.tally.contentions += self.contentions.take();
        Ok(())
    }

    /// Stores the items of a page that a person should see in `dead-letters/`. Attempts never overwrite each other's.
    async fn store_dead_letters(&self, findings: &[Finding]) -> Result<(), PartError> {
        let id = &self.id;
        let name = format!("{:08}-{:06}.jsonl", self.checkpoint.page, self.checkpoint.attempt);
        let key = keys::dead_letters(&id.run, id.phase, &id.part, &name);
        Ok(store_findings(self.bucket, &key, findings).await?)
    }

    async fn save_checkpoint(&self) -> Result<(), PartError> {
        let mut checkpoint = self.checkpoint.clone();
        checkpoint.tally = self.tally();
        let saved = self.ledger.save(&self.id.run, self.id.phase, &self.id.part, &checkpoint).await?;
        saved.then_some(()).ok_or(PartError::LeaseLost)
    }

    /// What was counted so far, with the throttles and contentions since the last page.
    fn tally(&self) -> Tally {
        let mut tally = self.checkpoint.tally.clone();
        tally.throttles += self.throttles.get();
        tally.contentions += self.contentions.get();
        tally
    }

    /// Counts the part as done, so that the parts that are left share its budget.
    async fn count_done(&self) -> Result<(), PartError> {
        if self.checkpoint.done {
            self.ledger.count_done(&self.id.run, self.id.phase).await?;
        }
        Ok(())
    }
}
