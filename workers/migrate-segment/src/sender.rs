//! Sending a round of conditional writes: in batches where PartiQL's meaning is documented, one by one where it is not,
//! each when its wave has come.
//!
//! A throttled write did not take effect. If it is its partition key that is hot, it waits among those of its key and all
//! others go on; else the worker, or the whole run, slows down. A write that DynamoDB failed at may have taken effect: it
//! is sent again by itself, and its condition tells. A statement that is refused gets a second opinion from UpdateItem
//! before the item is called invalid.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::Duration;

use crate::hot::HotKeys;
use crate::round::{Parcel, Round, Sent, Write};
use crate::steer::{NextPage, Steer};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_aws::dynamodb::batch::{BatchWritten, StatementWritten, UpdateBatch};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::control::throttle::Reach;
use tableshift_core::item::table::Table;
use tableshift_core::write::statement::{MAX_STATEMENTS, Statement};
use tableshift_core::write::update::Update;
use tableshift_segment::paced::Pacer;

/// Requests in flight at a time.
const IN_FLIGHT: usize = 16;
/// The most bytes of items in one request.
const MAX_BATCH_BYTES: usize = 512 * 1024;
/// A batch consumes at most what so many seconds allow, so that a low rate stays even.
const BATCH_SECONDS: f64 = 0.25;
/// How much of what writes are expected to consume is told by the latest one.
const LEARNING: f64 = 0.25;
/// How often the caller is asked whether to go on, at least.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Sends rounds of writes to one table, at one pace for as long as the worker lives.
pub(crate) struct Sender<'s, T> {
    items: &'s T,
    table: String,
    keys: Vec<String>,
    pacer: Pacer,
    hot: RefCell<HotKeys>,
    /// Units that were charged and paid before it was known for what.
    prepaid: Cell<f64>,
    /// How many units a write consumes for each one that its item's size tells: indexes take their own.
    write_amplification: Cell<f64>,
}

/// A request that was answered.
enum Answer {
    Batch(Parcel, Result<BatchWritten, CallError>),
    Single(Parcel, Result<Written, CallError>),
}

impl<'s, T: UpdateItem + UpdateBatch> Sender<'s, T> {
    pub(crate) fn new(items: &'s T, table: &Table) -> Self {
        Self {
            items,
            table: table.name.clone(),
            keys: table.keys.clone(),
            pacer: Pacer::new(None),
            hot: RefCell::new(HotKeys::of(table.keys.first().map_or("", String::as_str))),
            prepaid: Cell::new(0.0),
            write_amplification: Cell::new(1.0),
        }
    }

    /// Sends writes until each has an outcome or the caller says to stop. Those of hot keys may wait on, if they are few:
    /// their outcome comes with a later round.
    pub(crate) async fn send<S: Steer>(&self, writes: Vec<Write>, steer: &S) -> Result<Sent, S::Error> {
        let (batched, singly): (VecDeque<_>, VecDeque<_>) = writes.into_iter().partition(Write::is_batched);
        let queue = batched.into_iter().chain(singly).collect();
        self.run(Round::of(queue), None, steer).await
    }

    /// Sends writes of hot keys until none waits, the next page is here, one failed its condition, or the caller says to
    /// stop.
    pub(crate) async fn send_hot<S: Steer>(&self, next: &NextPage, steer: &S) -> Result<Sent, S::Error> {
        self.run(Round::of(VecDeque::new()), Some(next), steer).await
    }

    /// Whether nothing waits that the page after this one would have to wait for.
    pub(crate) fn is_free_for(&self, next: &NextPage) -> bool {
        let hot = self.hot.borrow();
        hot.is_idle() || (next.is_here() && hot.are_few())
    }

    async fn run<S: Steer>(&self, mut round: Round, next: Option<&NextPage>, steer: &S) -> Result<Sent, S::Error> {
        let mut flights = FuturesUnordered::new();
        self.hot.borrow_mut().forget_cold();
        loop {
            match steer.go_on().await? {
                Some(rate) => self.pacer.set_rate(rate),
                None => self.halt(&mut round),
            }
            let over = self.is_over(&round, next);
            if over && flights.is_empty() {
                return Ok(round.into_sent());
            }
            if !over && round.next.is_none() && !round.halted && flights.len() < IN_FLIGHT {
                round.next = self.parcel(&mut round.queue);
            }
            let wait = if over { ASK_EVERY } else { self.wait(&round) };
            if wait.is_zero()
                && let Some(parcel) = round.next.take()
            {
                flights.push(self.request(parcel));
                continue;
            }
            let unread = next.filter(|next| !next.is_here());
            tokio::select! {
                biased;
                Some(answer) = flights.next(), if !flights.is_empty() => self.take(answer, &mut round, steer).await?,
                () = async { if let Some(next) = unread { next.comes().await } }, if unread.is_some() => {}
                () = tokio::time::sleep(wait.min(ASK_EVERY)) => {}
            }
        }
    }

    /// Pays for writes of so many units before they are known, so that they can be sent at once when they are. False:
    /// the caller says to stop.
    pub(crate) async fn wave<S: Steer>(&self, units: f64, steer: &S) -> Result<bool, S::Error> {
        let units = units * self.write_amplification.get();
        self.pacer.settle(units);
        self.prepaid.set(self.prepaid.get() + units);
        loop {
            let Some(rate) = steer.go_on().await? else { return Ok(false) };
            self.pacer.set_rate(rate);
            match self.pacer.wait() {
                Duration::ZERO => return Ok(true),
                wait => tokio::time::sleep(wait.min(ASK_EVERY)).await,
            }
        }
    }

    /// Leaves unsent what is not on its way.
    fn halt(&self, round: &mut Round) {
        let left = round.next.is_some() || !round.queue.is_empty() || !self.hot.borrow().is_idle();
        if let Some(parcel) = round.next.take() {
            self.pacer.settle(-parcel.units);
        }
        round.queue.clear();
        self.hot.borrow_mut().forget_writes();
        round.halted |= left;
    }

    /// How long until the next parcel is paid for, or there is one.
    fn wait(&self, round: &Round) -> Duration {
        match &round.next {
            Some(_) => self.pacer.wait(),
            None => self.hot.borrow().wait().unwrap_or(ASK_EVERY).max(Duration::from_millis(1)),
        }
    }

    /// Whether no more is to be sent in this round.
    fn is_over(&self, round: &Round, next: Option<&NextPage>) -> bool {
        let nothing_else = round.next.is_none() && round.queue.is_empty();
        nothing_else
            && match next {
                None => self.hot.borrow().are_few(),
                Some(next) => self.is_free_for(next) || (round.conflicts && self.hot.borrow().are_few()),
            }
    }

    /// The next writes to send together: statements as many as fit, or one update. They are charged: requests in flight
    /// together must not each find the budget untouched.
    fn parcel(&self, queue: &mut VecDeque<Write>) -> Option<Parcel> {
        let most_units = self.pacer.rate().map_or(f64::INFINITY, |rate| rate * BATCH_SECONDS);
        let (mut writes, mut units, mut bytes): (Vec<Write>, f64, usize) = (Vec::new(), 0.0, 0);
        while let Some(next) = self.next_write(queue) {
            let fits = next.is_batched()
                && writes.first().is_none_or(Write::is_batched)
                && writes.len() < MAX_STATEMENTS
                && units + next.units() * self.write_amplification.get() <= most_units
                && bytes + next.bytes() <= MAX_BATCH_BYTES;
            if !(fits || writes.is_empty()) {
                queue.push_front(next);
                break;
            }
            units += next.units() * self.write_amplification.get();
            bytes += next.bytes();
            writes.push(next);
        }
        if writes.is_empty() {
            return None;
        }
        self.pacer.settle(units - self.prepaid.replace(0.0));
        Some(Parcel { writes, units })
    }

    /// The next write whose wave has come, those of hot keys first: they take the longest.
    fn next_write(&self, queue: &mut VecDeque<Write>) -> Option<Write> {
        let mut hot = self.hot.borrow_mut();
        if let Some(due) = hot.due() {
            return Some(due);
        }
        while let Some(next) = queue.pop_front() {
            if let Some(next) = hot.hold(next) {
                return Some(next);
            }
        }
        None
    }

    async fn request(&self, parcel: Parcel) -> Answer {
        let first = &parcel.writes[0];
        if first.is_batched() {
            let statements = parcel.writes.iter();
            let statements = statements.map(|w| Statement::of_change(&self.table, &w.work.key, &w.work.change));
            let statements: Vec<Statement<'_>> = statements.collect();
            let answer = self.items.update_batch(&statements).await;
            return Answer::Batch(parcel, answer);
        }
        let update = Update::of_change(&first.work.change, &self.keys);
        let answer = self.items.update(&first.work.key, &update).await;
        Answer::Single(parcel, answer)
    }

    async fn take<S: Steer>(&self, answer: Answer, round: &mut Round, steer: &S) -> Result<(), S::Error> {
        match answer {
            Answer::Batch(parcel, Ok(batch)) => {
                if batch.statements.contains(&StatementWritten::Throttled) {
                    steer.count_throttle(None);
                }
                self.take_batch(parcel, batch, round);
                Ok(())
            }
            Answer::Single(mut parcel, Ok(written)) => {
                let units = match &written {
                    Written::Done { units } => *units,
                    // A failed condition consumes the units of the item that it met, and they are not reported.
                    Written::Conflict { .. } => parcel.units,
                    Written::Refused { .. } => 0.0,
                };
                self.settle(units, &parcel, matches!(written, Written::Done { .. }), round);
                round.take(parcel.writes.remove(0), written);
                Ok(())
            }
            Answer::Batch(parcel, Err(error)) => {
                // A request that is refused as a whole says nothing of its items: each is asked about by itself.
                let singly = error.cause == Cause::Refused;
                self.failed(parcel, singly, error, round, steer).await
            }
            Answer::Single(parcel, Err(error)) => self.failed(parcel, false, error, round, steer).await,
        }
    }

    fn take_batch(&self, parcel: Parcel, batch: BatchWritten, round: &mut Round) {
        let is_done = |outcome: &StatementWritten| matches!(outcome, StatementWritten::Written(Written::Done { .. }));
        let outcomes = || parcel.writes.iter().zip(&batch.statements);
        let throttled = outcomes().filter(|(_, outcome)| **outcome == StatementWritten::Throttled);
        let throttled: f64 = throttled.map(|(write, _)| write.units()).sum();
        // What was throttled is not given back, else it would be sent again at once.
        self.pacer.settle(throttled);
        self.settle(batch.units, &parcel, batch.statements.iter().all(is_done), round);
        let mut asked_why = false;
        for (write, outcome) in parcel.writes.into_iter().zip(batch.statements) {
            match outcome {
                StatementWritten::Written(Written::Refused { .. }) | StatementWritten::Failed => round.singly(write),
                StatementWritten::Written(written) => round.take(write, written),
                StatementWritten::Throttled => {
                    // A statement does not tell why it was throttled, an update does: one of them asks.
                    let asks = !std::mem::replace(&mut asked_why, true);
                    self.throttled(if asks { write.singly() } else { write }, round);
                }
            }
        }
    }

    /// Lets a throttled write wait among those of its key. If too many keys are hot, it is the key range: then the worker
    /// slows down.
    fn throttled(&self, write: Write, round: &mut Round) {
        if let Some(write) = self.hot.borrow_mut().throttled(write) {
            self.pacer.throttle();
            round.queue.push_back(write);
        }
    }

    async fn failed<S: Steer>(
        &self,
        parcel: Parcel,
        singly: bool,
        error: CallError,
        round: &mut Round,
        steer: &S,
    ) -> Result<(), S::Error> {
        let (throttled, alone) = (error.cause == Cause::Throttled, parcel.writes.len() == 1);
        if throttled {
            steer.count_throttle(error.reason);
        }
        if throttled && round.is_patient() {
            match error.reach.unwrap_or(Reach::KeyRange) {
                Reach::KeyRange if alone => {}
                Reach::KeyRange => self.pacer.throttle(),
                reach => steer.throttled(reach, self.pacer.recent()).await?,
            }
        } else if !singly {
            return Err(error.into());
        }
        if !throttled {
            self.pacer.settle(-parcel.units);
        }
        let of_key = alone && matches!(error.reach, None | Some(Reach::KeyRange));
        for write in parcel.writes.into_iter().rev() {
            match throttled {
                false => round.singly(write),
                true if of_key => self.throttled(write, round),
                true => round.queue.push_front(write),
            }
        }
        Ok(())
    }

    /// Charges what a parcel consumed instead of what was expected, and learns from one that was `written` whole.
    fn settle(&self, units: f64, parcel: &Parcel, written: bool, round: &mut Round) {
        self.pacer.settle(units - parcel.units);
        round.units += units;
        if written && units > 0.0 {
            let sizes: f64 = parcel.writes.iter().map(Write::units).sum();
            let write_amplification = self.write_amplification.get() * (1.0 - LEARNING) + units / sizes * LEARNING;
            self.write_amplification.set(write_amplification.max(1.0));
        }
    }
}
