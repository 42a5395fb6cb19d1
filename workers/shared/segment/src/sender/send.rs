//! The loop that keeps requests in flight, at the permitted rate.
//!
//! What an answer means, and what follows from it, is in `answers`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_core::item::table::Table;
use tableshift_core::write::statement::{MAX_STATEMENTS, Statement};

use super::hot_keys::HotKeys;
use super::item_write::ItemWrite;
use super::round::{Answer, Parcel, Round, Sending, Sent};
use super::steer::{NextPage, Steer};
use crate::pacer::Pacer;

const REQUESTS_IN_FLIGHT: usize = 16;
/// The most bytes of items in a batch.
const MAX_BATCH_BYTES: usize = 512 * 1024;
/// A batch consumes at most the units of this many seconds, so that a low rate stays even.
const BATCH_SECONDS: f64 = 0.25;
/// The caller is asked for the permitted rate at least this often.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Sends rounds of writes to one table. All rounds of an invocation share one pace.
pub struct Sender<T, W> {
    items: Rc<T>,
    table: String,
    /// The names of the table's key attributes.
    keys: Vec<String>,
    pub(super) pacer: Pacer,
    pub(super) hot: RefCell<HotKeys<W>>,
    /// Write units that were charged and paid before their parcel existed.
    prepaid: Cell<f64>,
    /// Write amplification: units that a write consumes for each one that its item's size explains.
    pub(super) amplification: Cell<f64>,
}

impl<T, W> fmt::Debug for Sender<T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("table", &self.table).finish_non_exhaustive()
    }
}

impl<T: UpdateItem + UpdateBatch, W: ItemWrite> Sender<T, W> {
    /// Sends writes to the items of this table.
    pub fn new(items: Rc<T>, table: &Table) -> Self {
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
    pub async fn send<S: Steer>(&self, writes: Vec<W>, steer: &S) -> Result<Sent<W>, S::Error> {
        let sendings = writes.into_iter().map(Sending::new);
        let (batched, singly): (VecDeque<_>, VecDeque<_>) = sendings.partition(Sending::is_batched);
        let queue = batched.into_iter().chain(singly).collect();
        self.run(Round::of(queue), None, steer).await
    }

    /// Sends writes to hot keys until none waits, the next page is read, one conflicts, or the caller interrupts.
    pub async fn send_hot<S: Steer>(&self, next: &NextPage, steer: &S) -> Result<Sent<W>, S::Error> {
        self.run(Round::of(VecDeque::new()), Some(next), steer).await
    }

    /// Takes the writes that wait for hot keys and have certainly not taken effect, to end the invocation.
    pub fn take_waiting(&self) -> Vec<W> {
        let mut hot = self.hot.borrow_mut();
        let waiting: Vec<Sending<W>> = hot.take_all().collect();
        waiting.into_iter().filter(|sending| !sending.may_have_landed).map(|sending| sending.write).collect()
    }

    /// Whether no write waits for a hot key.
    pub fn is_idle(&self) -> bool {
        self.hot.borrow().is_idle()
    }

    /// Whether the next page may begin: it is read, or no write waits.
    pub fn is_free_for(&self, next: &NextPage) -> bool {
        let hot = self.hot.borrow();
        hot.is_idle() || (next.is_read() && hot.have_room())
    }

    async fn run<S: Steer>(
        &self,
        mut round: Round<W>,
        next: Option<&NextPage>,
        steer: &S,
    ) -> Result<Sent<W>, S::Error> {
        let mut flights = FuturesUnordered::new();
        self.hot.borrow_mut().forget_cold();
        loop {
            match steer.permitted_rate().await? {
                Some(rate) if !round.sent.halted => self.pacer.set_rate(rate),
                // A round that was halted ends, even if the run may continue: what it dropped is read again.
                Some(_) | None => self.halt(&mut round),
            }
            round.queue_due();
            let over = self.is_over(&round, next);
            if over && flights.is_empty() {
                return Ok(round.sent);
            }
            if !over && round.next.is_none() && !round.sent.halted && flights.len() < REQUESTS_IN_FLIGHT {
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
    pub async fn prepay<S: Steer>(&self, units: f64, steer: &S) -> Result<bool, S::Error> {
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
    fn halt(&self, round: &mut Round<W>) {
        let charged = round.halt(self.hot.borrow_mut().take_all());
        self.pacer.charge(-charged);
    }

    /// How long until the next parcel is paid, or until there is one.
    fn wait(&self, round: &Round<W>) -> Duration {
        match &round.next {
            Some(_) => self.pacer.wait(),
            None => {
                let due = [self.hot.borrow().wait(), round.due_in()].into_iter().flatten().min();
                due.unwrap_or(ASK_EVERY).max(Duration::from_millis(1))
            }
        }
    }

    /// Whether this round sends nothing more.
    fn is_over(&self, round: &Round<W>, next: Option<&NextPage>) -> bool {
        round.is_empty()
            && match next {
                None => self.hot.borrow().have_room(),
                Some(next) => self.is_free_for(next) || (round.conflicts && self.hot.borrow().have_room()),
            }
    }

    /// The next request: as many statements as fit, or one update. It is charged here, because requests in flight
    /// together would otherwise each find the budget untouched.
    fn parcel(&self, queue: &mut VecDeque<Sending<W>>) -> Option<Parcel<W>> {
        let most_units = self.pacer.rate().map_or(f64::INFINITY, |rate| rate * BATCH_SECONDS);
        let (mut sendings, mut units, mut bytes): (Vec<Sending<W>>, f64, usize) = (Vec::new(), 0.0, 0);
        while let Some(next) = self.next_write(queue) {
            let fits = next.is_batched()
                && sendings.first().is_none_or(Sending::is_batched)
                && sendings.len() < MAX_STATEMENTS
                && units + next.write.units() * self.amplification.get() <= most_units
                && bytes + next.write.bytes() <= MAX_BATCH_BYTES;
            if !(fits || sendings.is_empty()) {
                queue.push_front(next);
                break;
            }
            units += next.write.units() * self.amplification.get();
            bytes += next.write.bytes();
            sendings.push(next);
        }
        if sendings.is_empty() {
            return None;
        }
        self.pacer.charge(units - self.prepaid.replace(0.0));
        Some(Parcel { sendings, units })
    }

    /// The next write that may be sent. Those to hot keys come first, because they take longest.
    fn next_write(&self, queue: &mut VecDeque<Sending<W>>) -> Option<Sending<W>> {
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

    async fn request(&self, parcel: Parcel<W>) -> Answer<W> {
        let first = &parcel.sendings[0];
        if first.is_batched() {
            let statements = parcel.sendings.iter().map(|sending| sending.write.statement(&self.table));
            let statements: Vec<Statement<'_>> = statements.collect();
            let answer = self.items.update_batch(&statements).await;
            return Answer::Batch(parcel, answer);
        }
        let answer = self.items.update(first.write.key(), &first.write.update(&self.keys)).await;
        Answer::Single(parcel, answer)
    }
}
