//! What the answer to a request means for its writes, for the pace, and for the hot keys.
//!
//! - A throttled write did not take effect. If its partition key is hot, it waits with the others of that key, and all
//!   other writes continue. Otherwise the worker, or the whole run, slows down.
//! - A write at which DynamoDB failed may have taken effect. It is sent again on its own, and its condition shows whether it did.
//! - A refused statement is tried with UpdateItem before its item is counted as invalid.

use tableshift_aws::dynamodb::batch::{BatchWritten, StatementWritten, UpdateBatch};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::control::throttle::Reach;

use crate::round::{Answer, Parcel, Round, Write};
use crate::sender::Sender;
use crate::steer::Steer;

/// The weight of the latest request in the estimate of the write amplification.
const LEARNING: f64 = 0.25;

impl<T: UpdateItem + UpdateBatch> Sender<T> {
    /// Records the outcomes of a request and queues again what has none.
    pub(crate) async fn handle<S: Steer>(&self, answer: Answer, round: &mut Round, steer: &S) -> Result<(), S::Error> {
        match answer {
            Answer::Batch(parcel, Ok(batch)) => {
                if batch.statements.contains(&StatementWritten::Throttled) {
                    steer.count_throttle(None);
                }
                self.handle_batch(parcel, batch, round);
                Ok(())
            }
            Answer::Single(mut parcel, Ok(written)) => {
                let units = match &written {
                    Written::Done { units } => *units,
                    // A failed condition consumes the units of the item that it compared, but the answer does not
                    // say how many.
                    Written::Conflict { .. } => parcel.units,
                    Written::Refused { .. } => 0.0,
                };
                self.settle(units, &parcel, matches!(written, Written::Done { .. }), round);
                round.record(parcel.writes.remove(0), written);
                Ok(())
            }
            Answer::Batch(parcel, Err(error)) => {
                // A request that is refused as a whole says nothing about its items: each is tried alone.
                let alone = error.cause == Cause::Refused;
                self.handle_failure(parcel, alone, error, round, steer).await
            }
            Answer::Single(parcel, Err(error)) => self.handle_failure(parcel, false, error, round, steer).await,
        }
    }

    fn handle_batch(&self, parcel: Parcel, batch: BatchWritten, round: &mut Round) {
        let is_done = |outcome: &StatementWritten| matches!(outcome, StatementWritten::Written(Written::Done { .. }));
        let outcomes = || parcel.writes.iter().zip(&batch.statements);
        let throttled = outcomes().filter(|(_, outcome)| **outcome == StatementWritten::Throttled);
        let throttled: f64 = throttled.map(|(write, _)| write.units()).sum();
        // Throttled units are not given back: their writes would be sent again at once.
        self.pacer.charge(throttled);
        self.settle(batch.units, &parcel, batch.statements.iter().all(is_done), round);
        let mut asked_why = false;
        for (write, outcome) in parcel.writes.into_iter().zip(batch.statements) {
            match outcome {
                StatementWritten::Written(Written::Refused { .. }) | StatementWritten::Failed => {
                    round.queue_alone(write)
                }
                StatementWritten::Written(written) => round.record(write, written),
                StatementWritten::Throttled => {
                    // A statement does not say why it was throttled, but an update does: one of them is sent as one.
                    let asks = !std::mem::replace(&mut asked_why, true);
                    self.queue_throttled(if asks { write.alone() } else { write }, round);
                }
            }
        }
    }

    /// Queues a throttled write with the others of its key. If too many keys are hot, the whole key range is: then the
    /// worker slows down.
    fn queue_throttled(&self, write: Write, round: &mut Round) {
        if let Some(write) = self.hot.borrow_mut().queue_throttled(write) {
            self.pacer.throttle();
            round.queue.push_back(write);
        }
    }

    /// Queues the writes of a failed request again if it was throttled, or if they are to be tried alone. Any other
    /// error ends the round.
    async fn handle_failure<S: Steer>(
        &self,
        parcel: Parcel,
        try_alone: bool,
        error: CallError,
        round: &mut Round,
        steer: &S,
    ) -> Result<(), S::Error> {
        let (throttled, single) = (error.cause == Cause::Throttled, parcel.writes.len() == 1);
        if throttled {
            steer.count_throttle(error.reason);
        }
        if throttled && round.is_patient() {
            match error.reach.unwrap_or(Reach::KeyRange) {
                Reach::KeyRange if single => {}
                Reach::KeyRange => self.pacer.throttle(),
                reach => steer.report_throttle(reach, self.pacer.recent()).await?,
            }
        } else if !try_alone {
            return Err(error.into());
        }
        if !throttled {
            self.pacer.charge(-parcel.units);
        }
        let of_key = single && matches!(error.reach, None | Some(Reach::KeyRange));
        for write in parcel.writes.into_iter().rev() {
            match throttled {
                false => round.queue_alone(write),
                true if of_key => self.queue_throttled(write, round),
                true => round.queue.push_front(write),
            }
        }
        Ok(())
    }

    /// Charges what a parcel consumed instead of what was expected. If all of it was `written`, the estimate of the
    /// write amplification learns from it.
    fn settle(&self, units: f64, parcel: &Parcel, written: bool, round: &mut Round) {
        self.pacer.charge(units - parcel.units);
        round.units += units;
        if written && units > 0.0 {
            let sizes: f64 = parcel.writes.iter().map(Write::units).sum();
            let amplification = self.amplification.get() * (1.0 - LEARNING) + units / sizes * LEARNING;
            self.amplification.set(amplification.max(1.0));
        }
    }
}
