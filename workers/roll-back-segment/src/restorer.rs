//! Restoring a piece of a segment: conditional writes through the sender, until every item has an outcome.

use std::rc::Rc;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::restore::{Next, Restoration, Restored};
use tableshift_core::write::statement::{Statement, is_restored_documented};
use tableshift_core::write::update::Update;
use tableshift_runtime::Deadline;
use tableshift_segment::item_reader::ItemReader;
use tableshift_segment::part::{Directive, Part};
use tableshift_segment::sender::{ItemWrite, NextPage, Outcome, Sender, Sent, Steer};
use tableshift_segment::work::TIME_TO_SAVE;

use crate::Error;

/// How many items are read at a time before they are restored.
const READS_IN_FLIGHT: usize = 16;
/// A read is repeated until time runs out: a roll-back must not end because the table is busy.
const PATIENCE: Duration = Duration::MAX;

/// Restores items of one table.
pub(crate) struct Restorer<T> {
    items: Rc<T>,
    sender: Sender<T, Write>,
    reader: ItemReader,
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
        Self { sender: Sender::new(items.clone(), &part.plan.table), items, reader: ItemReader::new(PATIENCE) }
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
        let steer = Steering { part, deadline };
        let items = match read_first {
            false => items,
            true => {
                let in_time = || deadline.remaining() > TIME_TO_SAVE;
                let Some(left) = part.interruptible(in_time, self.read(items, part, tally)).await? else {
                    return Ok(false);
                };
                left?
            }
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

    /// Reads items and settles those that are not as the run left them.
    async fn read(
        &self,
        items: Vec<Restoration>,
        part: &Part<'_>,
        tally: &mut Tally,
    ) -> Result<Vec<Restoration>, CallError> {
        let mut left = Vec::new();
        let reads = futures::stream::iter(items).map(async |restoration| {
            let (now, units) = self.reader.read(&*self.items, restoration.key(), part).await?;
            let key = restoration.key().clone();
            // Judged at once: together, large items would not fit into the worker's memory.
            Ok::<_, CallError>((restoration.judge(now.as_ref(), false), key, units))
        });
        let mut reads = reads.buffered(READS_IN_FLIGHT);
        while let Some((next, key, units)) = reads.try_next().await? {
            tally.units.read += units;
            left.extend(write_or_count(next, key, tally));
        }
        Ok(left)
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
