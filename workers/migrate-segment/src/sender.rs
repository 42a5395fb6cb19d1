//! Sending a round of conditional writes at the worker's pace: in batches where PartiQL's meaning is documented,
//! otherwise one by one.
//!
//! What an answer means, and what follows from it, is in `answers`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_core::item::table::Table;
use tableshift_core::write::statement::{MAX_STATEMENTS, Statement};
use tableshift_core::write::update::Update;
use tableshift_segment::pacer::Pacer;

use crate::hot_keys::HotKeys;
use crate::round::{Answer, Parcel, Round, Sent, Write};
use crate::steer::{NextPage, Steer};

const REQUESTS_IN_FLIGHT: usize = 16;
/// The most bytes of items in a batch.
const MAX_BATCH_BYTES: usize = 512 * 1024;
/// A batch consumes at most the units of this many seconds, so that a low rate stays even.
const BATCH_SECONDS: f64 = 0.25;
/// The caller is asked for the permitted rate at least this often.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Sends rounds of writes to one table. All rounds of an invocation share one pace.
pub(crate) struct Sender<T> {
    items: Rc<T>,
    table: String,
    /// The names of the table's key attributes.
    keys: Vec<String>,
    pub(crate) pacer: Pacer,
    pub(crate) hot: RefCell<HotKeys>,
    /// Write units that were charged and paid before their parcel existed.
    prepaid: Cell<f64>,
    /// Write amplification: units that a write consumes for each one that its item's size explains.
    pub(crate) amplification: Cell<f64>,
}

impl<T: UpdateItem + UpdateBatch> Sender<T> {
    pub(crate) fn new(items: Rc<T>, table: &Table) -> Self {
        Self {
            items,
            table: table.name.clone(),
            keys: table.keys.clone(),
            pacer: Pacer::unlimited(),
            hot: RefCell::new(HotKeys::of(table.keys.first().map_or("", String::as_str))),
            prepaid: Cell::new(0.0),
            amplification: Cell::new(1.0),
        }
    }

    /// Sends writes until each has an outcome or the caller interrupts. Writes to hot keys may keep waiting if there is
    /// room for them; a later round gives their outcome.
    pub(crate) async fn send<S: Steer>(&self, writes: Vec<Write>, steer: &S) -> Result<Sent, S::Error> {
        let (batched, singly): (VecDeque<_>, VecDeque<_>) = writes.into_iter().partition(Write::is_batched);
        let queue = batched.into_iter().chain(singly).collect();
        self.run(Round::of(queue), None, steer).await
    }

    /// Sends writes to hot keys until none waits, the next page is read, one conflicts, or the caller interrupts.
    pub(crate) async fn send_hot<S: Steer>(&self, next: &NextPage, steer: &S) -> Result<Sent, S::Error> {
        self.run(Round::of(VecDeque::new()), Some(next), steer).await
    }

    /// Whether the next page may begin: it is read, or no write waits.
    pub(crate) fn is_free_for(&self, next: &NextPage) -> bool {
        let hot = self.hot.borrow();
        hot.is_idle() || (next.is_read() && hot.have_room())
    }

    async fn run<S: Steer>(&self, mut round: Round, next: Option<&NextPage>, steer: &S) -> Result<Sent, S::Error> {
        let mut flights = FuturesUnordered::new();
        self.hot.borrow_mut().forget_cold();
        loop {
            match steer.permitted_rate().await? {
                Some(rate) => self.pacer.set_rate(rate),
                None => self.halt(&mut round),
            }
            let over = self.is_over(&round, next);
            if over && flights.is_empty() {
                return Ok(round.into_sent());
            }
            if !over && round.next.is_none() && !round.halted && flights.len() < REQUESTS_IN_FLIGHT {
                round.next = self.parcel(&mut round.queue);
            }
            let wait = if over { ASK_EVERY } else { self.wait(&round) };
            if wait.is_zero()
                && let Some(parcel) = round.next.take()
            {
                flights.push(self.request(parcel));
                continue;
            }
            let unread = next.filter(|next| !next.is_read());
            tokio::select! {
                biased;
                Some(answer) = flights.next(), if !flights.is_empty() => self.handle(answer, &mut round, steer).await?,
                () = async { if let Some(next) = unread { next.wait_until_read().await } }, if unread.is_some() => {}
                () = tokio::time::sleep(wait.min(ASK_EVERY)) => {}
            }
        }
    }

    /// Pays for writes before they are built, so that they can be sent at once when they are. False: the caller
    /// interrupts.
    pub(crate) async fn prepay<S: Steer>(&self, units: f64, steer: &S) -> Result<bool, S::Error> {
        let units = units * self.amplification.get();
        self.pacer.charge(units);
        self.prepaid.set(self.prepaid.get() + units);
        loop {
            let Some(rate) = steer.permitted_rate().await? else { return Ok(false) };
            self.pacer.set_rate(rate);
            match self.pacer.wait() {
                Duration::ZERO => return Ok(true),
                wait => tokio::time::sleep(wait.min(ASK_EVERY)).await,
            }
        }
    }

    /// Drops the writes that are not in flight.
    fn halt(&self, round: &mut Round) {
        let left = round.next.is_some() || !round.queue.is_empty() || !self.hot.borrow().is_idle();
        if let Some(parcel) = round.next.take() {
            self.pacer.charge(-parcel.units);
        }
        round.queue.clear();
        self.hot.borrow_mut().drop_writes();
        round.halted |= left;
    }

    /// How long until the next parcel is paid, or until there is one.
    fn wait(&self, round: &Round) -> Duration {
        match &round.next {
            Some(_) => self.pacer.wait(),
            None => self.hot.borrow().wait().unwrap_or(ASK_EVERY).max(Duration::from_millis(1)),
        }
    }

    /// Whether this round sends nothing more.
    fn is_over(&self, round: &Round, next: Option<&NextPage>) -> bool {
        let nothing_else = round.next.is_none() && round.queue.is_empty();
        nothing_else
            && match next {
                None => self.hot.borrow().have_room(),
                Some(next) => self.is_free_for(next) || (round.conflicts && self.hot.borrow().have_room()),
            }
    }

    /// The next request: as many statements as fit, or one update. It is charged here, because requests in flight
    /// together would otherwise each find the budget untouched.
    fn parcel(&self, queue: &mut VecDeque<Write>) -> Option<Parcel> {
        let most_units = self.pacer.rate().map_or(f64::INFINITY, |rate| rate * BATCH_SECONDS);
        let (mut writes, mut units, mut bytes): (Vec<Write>, f64, usize) = (Vec::new(), 0.0, 0);
        while let Some(next) = self.next_write(queue) {
            let fits = next.is_batched()
                && writes.first().is_none_or(Write::is_batched)
                && writes.len() < MAX_STATEMENTS
                && units + next.units() * self.amplification.get() <= most_units
                && bytes + next.bytes() <= MAX_BATCH_BYTES;
            if !(fits || writes.is_empty()) {
                queue.push_front(next);
                break;
            }
            units += next.units() * self.amplification.get();
            bytes += next.bytes();
            writes.push(next);
        }
        if writes.is_empty() {
            return None;
        }
        self.pacer.charge(units - self.prepaid.replace(0.0));
        Some(Parcel { writes, units })
    }

    /// The next write that may be sent. Those to hot keys come first, because they take longest.
    fn next_write(&self, queue: &mut VecDeque<Write>) -> Option<Write> {
        let mut hot = self.hot.borrow_mut();
        if let Some(due) = hot.take_due() {
            return Some(due);
        }
        while let Some(next) = queue.pop_front() {
            if let Some(next) = hot.queue_if_hot(next) {
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
}
