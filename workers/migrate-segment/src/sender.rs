//! Sending a round of conditional writes: in batches where PartiQL's meaning is documented, one by one where it is not,
//! each when its turn has come.
//!
//! A throttled write did not take effect and waits for a slower turn. A write that DynamoDB failed at may have taken
//! effect: it is sent again by itself, and its condition tells. A statement that is refused gets a second opinion from
//! UpdateItem before the item is called invalid.

use std::collections::VecDeque;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_aws::batch::{BatchWritten, StatementWritten, UpdateBatch};
use tableshift_aws::paced::Pacer;
use tableshift_aws::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::statement::{MAX_STATEMENTS, Statement, is_documented};
use tableshift_core::throttle::Reach;
use tableshift_core::update::Update;
use tableshift_core::worklist::Work;
use tokio::time::Instant;

/// Requests in flight at a time.
const IN_FLIGHT: usize = 16;
/// The most bytes of items in one request.
const MAX_BATCH_BYTES: usize = 512 * 1024;
/// A batch consumes at most what so many seconds allow, so that a low rate stays even.
const BATCH_SECONDS: f64 = 0.25;
/// How long writes are tried while every one is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the caller is asked whether to go on, at least.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// What the sender asks its caller.
pub(crate) trait Steer {
    /// The error that steering may end in.
    type Error: From<CallError>;
    /// Whether to go on, and at how many write units a second.
    async fn go_on(&self) -> Result<Option<Rate>, Self::Error>;
    /// A throttle that concerns every worker, met at so many units a second.
    async fn throttled(&self, reach: Reach, units_per_second: f64) -> Result<(), Self::Error>;
}

/// Write units a second; `None` for no limit.
pub(crate) type Rate = Option<f64>;

/// What became of a round.
#[derive(Default)]
pub(crate) struct Sent {
    /// The writes that have an outcome.
    pub(crate) written: Vec<(Work, Written)>,
    /// Write units consumed.
    pub(crate) units: f64,
    /// Whether writes are left unsent, because the caller said to stop.
    pub(crate) halted: bool,
}

/// Sends rounds of writes to one table.
pub(crate) struct Sender<'s, T> {
    items: &'s T,
    table: &'s str,
    keys: &'s [String],
    pacer: Pacer,
}

/// A write that waits to be sent.
struct Waiting {
    work: Work,
    /// Whether it may be sent in a batch.
    batched: bool,
}

/// A request that was answered.
enum Answer {
    Batch { works: Vec<Work>, expected: f64, answer: Result<BatchWritten, CallError> },
    Single { work: Box<Work>, expected: f64, answer: Result<Written, CallError> },
}

impl<'s, T: UpdateItem + UpdateBatch> Sender<'s, T> {
    pub(crate) fn new(items: &'s T, table: &'s str, keys: &'s [String]) -> Self {
        Self { items, table, keys, pacer: Pacer::new(None) }
    }

    /// Sends a round until every write has an outcome or the caller says to stop.
    pub(crate) async fn send<S: Steer>(&self, works: Vec<Work>, steer: &S) -> Result<Sent, S::Error> {
        let mut round = Round { sent: Sent::default(), queue: self.queued(works), progress: Instant::now() };
        let mut flights = FuturesUnordered::new();
        loop {
            match steer.go_on().await? {
                Some(rate) => self.pacer.set_rate(rate),
                None => round.sent.halted = !round.queue.is_empty(),
            }
            let may_send = !round.sent.halted && !round.queue.is_empty() && flights.len() < IN_FLIGHT;
            let wait = if may_send { self.pacer.wait() } else { ASK_EVERY };
            if may_send && wait.is_zero() {
                flights.push(self.request(self.parcel(&mut round.queue)));
                continue;
            }
            if flights.is_empty() && !may_send {
                return Ok(round.sent);
            }
            tokio::select! {
                biased;
                Some(answer) = flights.next(), if !flights.is_empty() => self.take(answer, &mut round, steer).await?,
                () = tokio::time::sleep(wait.min(ASK_EVERY)) => {}
            }
        }
    }

    /// Waits until a write may be sent, at most as long as the caller may go without being asked whether to go on.
    pub(crate) async fn turn(&self) {
        tokio::time::sleep(self.pacer.wait().min(ASK_EVERY)).await;
    }

    fn queued(&self, works: Vec<Work>) -> VecDeque<Waiting> {
        let queued = works.into_iter().map(|work| Waiting { batched: is_documented(&work.key, &work.change), work });
        let (mut batched, singly): (VecDeque<_>, VecDeque<_>) = queued.partition(|waiting| waiting.batched);
        batched.extend(singly);
        batched
    }

    /// The next writes to send together: statements as many as fit, or one update.
    fn parcel(&self, queue: &mut VecDeque<Waiting>) -> Vec<Waiting> {
        let most_units = self.pacer.rate().map_or(f64::INFINITY, |rate| rate * BATCH_SECONDS);
        let (mut parcel, mut units, mut bytes): (Vec<Waiting>, f64, usize) = (Vec::new(), 0.0, 0);
        while let Some(next) = queue.front() {
            units += next.work.change.write_units() as f64;
            bytes += next.work.change.bytes.0.max(next.work.change.bytes.1);
            let fits = next.batched
                && parcel.first().is_none_or(|first| first.batched)
                && parcel.len() < MAX_STATEMENTS
                && units <= most_units
                && bytes <= MAX_BATCH_BYTES;
            if !(fits || parcel.is_empty()) {
                break;
            }
            parcel.extend(queue.pop_front());
        }
        parcel
    }

    /// Sends a parcel. What it is expected to consume is charged at once: requests in flight together must not each find
    /// the budget untouched.
    fn request(&self, parcel: Vec<Waiting>) -> impl Future<Output = Answer> + use<'_, 's, T> {
        let expected: f64 = parcel.iter().map(|waiting| waiting.work.change.write_units() as f64).sum();
        self.pacer.settle(expected);
        async move {
            let batched = parcel.first().is_some_and(|first| first.batched);
            let mut works: Vec<Work> = parcel.into_iter().map(|waiting| waiting.work).collect();
            if batched {
                let statements = works.iter().map(|work| Statement::of_change(self.table, &work.key, &work.change));
                let statements: Vec<Statement<'_>> = statements.collect();
                let answer = self.items.update_batch(&statements).await;
                return Answer::Batch { works, expected, answer };
            }
            let work = Box::new(works.remove(0));
            let answer = self.items.update(&work.key, &Update::of_change(&work.change, self.keys)).await;
            Answer::Single { work, expected, answer }
        }
    }

    async fn take<S: Steer>(&self, answer: Answer, round: &mut Round, steer: &S) -> Result<(), S::Error> {
        match answer {
            Answer::Batch { works, expected, answer: Ok(batch) } => {
                self.settle(batch.units, expected, round);
                let outcomes = works.into_iter().zip(batch.statements);
                outcomes.for_each(|(work, outcome)| self.take_statement(work, outcome, round));
                Ok(())
            }
            Answer::Single { work, expected, answer: Ok(written) } => {
                let units = match &written {
                    Written::Done { units } => *units,
                    // A failed condition consumes the units of the item that it met, and they are not reported.
                    Written::Conflict { .. } => expected,
                    Written::Refused { .. } => 0.0,
                };
                self.settle(units, expected, round);
                round.take(*work, written);
                Ok(())
            }
            Answer::Batch { works, expected, answer: Err(error) } => {
                // A request that is refused as a whole says nothing of its items: each is asked about by itself.
                let singly = error.cause == Cause::Refused;
                self.failed(works, singly, expected, error, round, steer).await
            }
            Answer::Single { work, expected, answer: Err(error) } => {
                self.failed(vec![*work], false, expected, error, round, steer).await
            }
        }
    }

    fn take_statement(&self, work: Work, outcome: StatementWritten, round: &mut Round) {
        match outcome {
            StatementWritten::Written(Written::Refused { .. }) | StatementWritten::Failed => round.singly(work),
            StatementWritten::Written(written) => round.take(work, written),
            StatementWritten::Throttled => {
                self.pacer.throttle();
                round.again(work);
            }
        }
    }

    async fn failed<S: Steer>(
        &self,
        works: Vec<Work>,
        singly: bool,
        expected: f64,
        error: CallError,
        round: &mut Round,
        steer: &S,
    ) -> Result<(), S::Error> {
        let throttled = error.cause == Cause::Throttled && round.progress.elapsed() < PATIENCE;
        if !throttled && !singly {
            return Err(error.into());
        }
        self.pacer.settle(-expected);
        if throttled {
            let recent = self.pacer.recent();
            self.pacer.throttle();
            steer.throttled(error.reach.unwrap_or(Reach::KeyRange), recent).await?;
            works.into_iter().for_each(|work| round.again(work));
        } else {
            works.into_iter().for_each(|work| round.singly(work));
        }
        Ok(())
    }

    fn settle(&self, units: f64, expected: f64, round: &mut Round) {
        self.pacer.settle(units - expected);
        round.sent.units += units;
    }
}

/// A round under way.
struct Round {
    sent: Sent,
    queue: VecDeque<Waiting>,
    progress: Instant,
}

impl Round {
    fn take(&mut self, work: Work, written: Written) {
        self.progress = Instant::now();
        self.sent.written.push((work, written));
    }

    fn again(&mut self, work: Work) {
        let batched = is_documented(&work.key, &work.change);
        self.queue.push_front(Waiting { work, batched });
    }

    fn singly(&mut self, work: Work) {
        self.queue.push_back(Waiting { work, batched: false });
    }
}
