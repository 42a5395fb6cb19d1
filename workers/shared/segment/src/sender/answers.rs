//! What the answer to a request means for its writes, for the pace, and for the hot keys.
//!
//! - A throttled write did not take effect. If its partition key is hot, it waits with the others of that key, and all
//!   other writes continue. Otherwise the worker, or the whole run, slows down.
//! - A contended write did not take effect either. It is sent again a moment later, at the same pace.
//! - A write whose answer was lost may have taken effect. It is sent again, and its condition shows whether it did, or
//!   whether someone else changed the item.
//! - A refused statement is tried with UpdateItem before its item is counted as invalid.

use tableshift_aws::dynamodb::batch::{BatchWritten, StatementWritten, UpdateBatch};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::control::throttle::Reach;

use super::item_write::{ItemWrite, Outcome};
use super::round::{Answer, Parcel, Round, Sending};
use super::send::Sender;
use super::steer::Steer;

/// The weight of the latest request in the estimate of the write amplification.
const LEARNING: f64 = 0.25;

impl<T: UpdateItem + UpdateBatch, W: ItemWrite> Sender<T, W> {
    /// Records the outcomes of a request and queues again what has none.
    pub(super) async fn handle<S: Steer>(
        &self,
        answer: Answer<W>,
        round: &mut Round<W>,
        steer: &S,
    ) -> Result<(), S::Error> {
        match answer {
            Answer::Batch(parcel, Ok(batch)) => {
                self.handle_batch(parcel, batch, round, steer);
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
                record(parcel.sendings.remove(0), written, round);
                Ok(())
            }
            Answer::Batch(parcel, Err(error)) => self.handle_failure(parcel, true, error, round, steer).await,
            Answer::Single(parcel, Err(error)) => self.handle_failure(parcel, false, error, round, steer).await,
        }
    }

    fn handle_batch<S: Steer>(&self, parcel: Parcel<W>, batch: BatchWritten, round: &mut Round<W>, steer: &S) {
        let is_done = |outcome: &StatementWritten| matches!(outcome, StatementWritten::Written(Written::Done { .. }));
        let outcomes = || parcel.sendings.iter().zip(&batch.statements);
        let throttled = outcomes().filter(|(_, outcome)| **outcome == StatementWritten::Throttled);
        let throttled: f64 = throttled.map(|(sending, _)| sending.write.units()).sum();
        if throttled > 0.0 {
            steer.part().count_throttle(None);
            // Throttled units are not given back: their writes would be sent again at once.
            self.pacer.charge(throttled);
        }
        self.settle(batch.units, &parcel, batch.statements.iter().all(is_done), round);
        let mut asked_why = false;
        for (mut sending, outcome) in parcel.sendings.into_iter().zip(batch.statements) {
            match outcome {
                StatementWritten::Written(Written::Refused { .. }) => round.queue.push_back(sending.alone()),
                StatementWritten::Written(written) => record(sending, written, round),
                StatementWritten::Failed => {
                    sending.may_have_landed = true;
                    round.queue.push_back(sending.alone());
                }
                StatementWritten::Contended(contention) => {
                    steer.part().count_contention(contention);
                    round.send_contended(sending);
                }
                StatementWritten::Throttled => {
                    // A statement does not say why it was throttled, but an update does: one of them is sent as one.
                    let asks = !std::mem::replace(&mut asked_why, true);
                    self.queue_throttled(if asks { sending.alone() } else { sending }, round);
                }
            }
        }
    }

    /// Queues a throttled write with the others of its key. If too many keys are hot, the whole key range is: then the
    /// worker slows down.
    fn queue_throttled(&self, sending: Sending<W>, round: &mut Round<W>) {
        if let Some(sending) = self.hot.borrow_mut().queue_throttled(sending) {
            self.pacer.throttle();
            round.queue.push_back(sending);
        }
    }

    /// Queues the writes of a failed request again, if another attempt may succeed. Any other error ends the round.
    async fn handle_failure<S: Steer>(
        &self,
        parcel: Parcel<W>,
        batch: bool,
        error: CallError,
        round: &mut Round<W>,
        steer: &S,
    ) -> Result<(), S::Error> {
        match error.cause {
            Cause::Throttled => self.handle_throttle(parcel, error, round, steer).await,
            Cause::Contended(contention) => {
                steer.part().count_contention(contention);
                parcel.sendings.into_iter().for_each(|sending| round.send_contended(sending));
                Ok(())
            }
            Cause::Unavailable => {
                if round.send_lost(parcel.sendings) {
                    Ok(())
                } else {
                    Err(error.into())
                }
            }
            // A request that is refused as a whole says nothing about its items: each is tried alone.
            Cause::Refused if batch => {
                self.pacer.charge(-parcel.units);
                round.queue.extend(parcel.sendings.into_iter().rev().map(Sending::alone));
                Ok(())
            }
            Cause::Refused | Cause::AccessDenied | Cause::NotFound => Err(error.into()),
        }
    }

    async fn handle_throttle<S: Steer>(
        &self,
        parcel: Parcel<W>,
        error: CallError,
        round: &mut Round<W>,
        steer: &S,
    ) -> Result<(), S::Error> {
        steer.part().count_throttle(error.reason);
        if !round.is_patient() {
            return Err(error.into());
        }
        let single = parcel.sendings.len() == 1;
        match error.reach.unwrap_or(Reach::KeyRange) {
            Reach::KeyRange if single => {}
            Reach::KeyRange => self.pacer.throttle(),
            reach => steer.report_throttle(reach, self.pacer.recent()).await?,
        }
        let of_key = single && matches!(error.reach, None | Some(Reach::KeyRange));
        for sending in parcel.sendings.into_iter().rev() {
            match of_key {
                true => self.queue_throttled(sending, round),
                false => round.queue.push_front(sending),
            }
        }
        Ok(())
    }

    /// Charges what a parcel consumed instead of what was expected. If all of it was `written`, the estimate of the
    /// write amplification learns from it.
    fn settle(&self, units: f64, parcel: &Parcel<W>, written: bool, round: &mut Round<W>) {
        self.pacer.charge(units - parcel.units);
        round.sent.units += units;
        if written && units > 0.0 {
            let sizes: f64 = parcel.sendings.iter().map(|sending| sending.write.units()).sum();
            let amplification = self.amplification.get() * (1.0 - LEARNING) + units / sizes * LEARNING;
            self.amplification.set(amplification.max(1.0));
        }
    }
}

/// Records what DynamoDB says about a write. A failed condition means that the write did not take effect, unless it was
/// sent before and its answer was lost.
fn record<W: ItemWrite>(sending: Sending<W>, written: Written, round: &mut Round<W>) {
    let outcome = match written {
        Written::Done { .. } => Outcome::Landed,
        Written::Refused { message } => Outcome::Refused { message, may_have_landed: sending.may_have_landed },
        Written::Conflict { item: now } if sending.may_have_landed => Outcome::Unknown { now },
        Written::Conflict { item: now } => Outcome::NotOurs { now },
    };
    round.record(sending.write, outcome);
}
