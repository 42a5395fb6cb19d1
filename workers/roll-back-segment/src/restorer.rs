//! Restoring a piece of a segment: conditional writes through the sender, until every item has an outcome.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt as _;
use tableshift_aws::Cause;
use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_core::item::value::{Item, item_bytes};
use tableshift_core::write::counts::Tally;
use tableshift_core::write::restore::{Next, Restoration, Restored};
use tableshift_core::write::statement::{Statement, is_restored_documented};
use tableshift_core::write::update::Update;
use tableshift_runtime::Deadline;
use tableshift_segment::pacer::Pacer;
use tableshift_segment::part::{Directive, Part};
use tableshift_segment::sender::{ItemWrite, NextPage, Outcome, Sender, Sent, Steer};
use tableshift_segment::work::TIME_TO_SAVE;

use crate::Error;

/// How many items are read at a time before they are restored.
const READS_IN_FLIGHT: usize = 16;
/// The shortest wait after a throttled read.
const AFTER_THROTTLE: Duration = Duration::from_millis(200);
/// The bytes that a read unit reads consistently. Source: DynamoDB developer guide, "Read operations".
const READ_UNIT_BYTES: usize = 4096;

/// Restores items of one table.
pub(crate) struct Restorer<T> {
    items: Rc<T>,
    sender: Sender<T, Write>,
    /// The pace of reads, in read units a second.
    reads: Pacer,
}

/// A before-image to write.
pub(crate) struct Write {
    restoration: Restoration,
    /// Whether the item was read just now.
    fresh: bool,
}

impl ItemWrite for Write {
    fn key(&self) -> &Item {
        self.restoration.key()
    }

    fn has_statement(&self) -> bool {
        is_restored_documented(self.restoration.entry())
    }

    fn statement(&self, table: &str) -> Statement<'_> {
        Statement::that_restores(table, self.restoration.entry())
    }

    fn update(&self, keys: &[String]) -> Update {
        Update::that_restores(self.restoration.entry(), keys)
    }

    /// The journal does not hold the size of the item: the sender learns it from the answers.
    fn units(&self) -> f64 {
        1.0
    }

    fn bytes(&self) -> usize {
        self.restoration.bytes()
    }

    fn is_fresh(&self) -> bool {
        self.fresh
    }
}

impl<T: UpdateItem + UpdateBatch + ReadItem> Restorer<T> {
    pub(crate) fn new(items: T, part: &Part<'_>) -> Self {
        let items = Rc::new(items);
        Self { sender: Sender::new(items.clone(), &part.plan.table), items, reads: Pacer::unlimited() }
    }

    /// Restores items and counts them. With `read_first`, items that are restored already are found by reading them, which
    /// costs less than a write. False: time ran out, or the run was put on hold, before every item had an outcome.
    pub(crate) async fn restore(
        &self,
        items: Vec<Restoration>,
        read_first: bool,
        part: &Part<'_>,
        deadline: Deadline,
        tally: &mut Tally,
    ) -> Result<bool, Error> {
        let steer = Steering { part, deadline, halted: Cell::new(false) };
        let items = match read_first {
            false => items,
            true => match self.read(items, &steer, tally).await? {
                Some(left) => left,
                None => return Ok(false),
            },
        };
        let mut writes = self.plan(items, part, tally);
        let never = NextPage::default();
        loop {
            let sent = match writes.is_empty() {
                true if self.sender.is_idle() => return Ok(true),
                true => self.sender.send_hot(&never, &steer).await?,
                false => self.sender.send(writes, &steer).await?,
            };
            let halted = sent.halted;
            writes = self.settle(sent, part, tally).await?;
            if halted {
                return Ok(false);
            }
        }
    }

    /// Reads items at the worker's pace and settles those that are not as the run left them. `None`: time ran out, or the
    /// run was put on hold.
    async fn read(
        &self,
        items: Vec<Restoration>,
        steer: &Steering<'_>,
        tally: &mut Tally,
    ) -> Result<Option<Vec<Restoration>>, Error> {
        let mut left = Vec::new();
        let reads = futures::stream::iter(items).map(|restoration| self.read_one(restoration, steer));
        let mut reads = reads.buffered(READS_IN_FLIGHT);
        // Judged one by one: together, large items would not fit into the worker's memory.
        while let Some(read) = reads.next().await {
            let Some((next, key, units)) = read? else { continue };
            tally.units.read += units;
            left.extend(write_or_count(next, key, tally));
        }
        Ok((!steer.halted.get()).then_some(left))
    }

    /// Reads an item and says what to do with it. `None`, also for all items after it: time ran out, or the run was put on
    /// hold.
    async fn read_one(
        &self,
        restoration: Restoration,
        steer: &Steering<'_>,
    ) -> Result<Option<(Next, Item, f64)>, Error> {
        let key = restoration.key().clone();
        loop {
            if steer.halted.get() || steer.permitted_rate().await?.is_none() {
                steer.halted.set(true);
                return Ok(None);
            }
            self.reads.set_rate(steer.part.read_share());
            if !self.reads.pay(1.0, steer.deadline.remaining().saturating_sub(TIME_TO_SAVE)).await {
                steer.halted.set(true);
                return Ok(None);
            }
            match self.items.read(&key).await {
                Ok(now) => {
                    let units = now.as_ref().map_or(1.0, |item| item_bytes(item).div_ceil(READ_UNIT_BYTES) as f64);
                    self.reads.charge(units - 1.0);
                    return Ok(Some((restoration.judge(now.as_ref(), false), key, units)));
                }
                Err(error) if error.cause == Cause::Throttled => {
                    steer.part.count_throttle(error.reason);
                    self.reads.throttle();
                    tokio::time::sleep(AFTER_THROTTLE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The writes for items; those that must not be restored are counted.
    fn plan(&self, items: Vec<Restoration>, part: &Part<'_>, tally: &mut Tally) -> Vec<Write> {
        let planned = items.into_iter().filter_map(|restoration| allowed(restoration, part, tally));
        planned.map(|restoration| Write { restoration, fresh: false }).collect()
    }

    /// Counts outcomes. Returns what to write instead, for items with several entries.
    async fn settle(&self, sent: Sent<Write>, part: &Part<'_>, tally: &mut Tally) -> Result<Vec<Write>, Error> {
        tally.units.write += sent.units;
        let mut again = Vec::new();
        for (Write { restoration, .. }, outcome) in sent.outcomes {
            let key = restoration.key().clone();
            let (now, may_have_landed) = match outcome {
                Outcome::Landed => {
                    Restored::Written.count(|| key, tally);
                    continue;
                }
                Outcome::Refused { message, .. } => {
                    Restored::Refused(message).count(|| key, tally);
                    continue;
                }
                Outcome::GivenUp { .. } => {
                    Restored::Busy.count(|| key, tally);
                    continue;
                }
                Outcome::NotOurs { now } => (now, false),
                Outcome::Unknown { now } => (now, true),
            };
            let now = match now {
                Some(item) => Some(item),
                // The item may be gone, or the answer may have left it out: only a read can tell.
                None => self.items.read(&key).await?,
            };
            let next = match restoration.judge(now.as_ref(), true) {
                Next::Settled(Restored::Already) if may_have_landed => Next::Settled(Restored::Written),
                next => next,
            };
            let next = write_or_count(next, key, tally).and_then(|restoration| allowed(restoration, part, tally));
            again.extend(next.map(|restoration| Write { restoration, fresh: true }));
        }
        Ok(again)
    }
}

fn write_or_count(next: Next, key: Item, tally: &mut Tally) -> Option<Restoration> {
    match next {
        Next::Write(restoration) => return Some(restoration),
        Next::Settled(restored) => restored.count(|| key, tally),
    }
    None
}

/// The restoration, unless DynamoDB would delete the item afterwards; then it is counted.
fn allowed(restoration: Restoration, part: &Part<'_>, tally: &mut Tally) -> Option<Restoration> {
    let now = (part.clock)() / 1000;
    if !restoration.is_expired(part.plan.table.time_to_live.as_deref(), now) {
        return Some(restoration);
    }
    Restored::Expired.count(|| restoration.key().clone(), tally);
    None
}

/// The rate and the holds of the run.
struct Steering<'s> {
    part: &'s Part<'s>,
    deadline: Deadline,
    /// Whether reading has stopped for good.
    halted: Cell<bool>,
}

impl Steer for Steering<'_> {
    type Error = Error;

    fn part(&self) -> &Part<'_> {
        self.part
    }

    fn deadline(&self) -> Deadline {
        self.deadline
    }

    async fn directive(&self) -> Result<Directive, Error> {
        Ok(self.part.directive().await?)
    }
}
