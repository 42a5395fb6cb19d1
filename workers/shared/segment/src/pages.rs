//! The pages that a part consists of: those of a segment of the table, or another run's dead letters.

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, ScanSegment};
use tableshift_aws::error::{CallError, Cause};
use tableshift_core::ErrorName;
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;

use crate::dead_letters::{DeadLetterError, DeadLetters};
use crate::part::Part;
use crate::segment_reader::{Portion, SegmentReader};

/// Why a page could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The table did not answer.
    #[error("the table could not be read")]
    Table(#[source] CallError),
    /// The dead letters that the run takes could not be read.
    #[error("the dead letters that the run takes could not be read")]
    DeadLetters(#[source] DeadLetterError),
}

impl ReadError {
    /// The name under which a worker reports this failure.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Table(error) | Self::DeadLetters(DeadLetterError::Table(error)) if error.cause == Cause::NotFound => {
                ErrorName::TableNotFound
            }
            Self::Table(error) | Self::DeadLetters(DeadLetterError::Table(error)) => error.name(),
            Self::DeadLetters(DeadLetterError::File(error)) => error.name(),
        }
    }
}

/// What a part is read from.
#[derive(Debug)]
pub enum Pages {
    /// A segment of the table.
    Segment(SegmentReader),
    /// The dead letters of another run.
    DeadLetters(DeadLetters),
}

impl Pages {
    /// The pages of a part, by the run's plan. A consistent read sees every write that was acknowledged before it, for
    /// twice the units.
    pub async fn of(part: &Part<'_>, segment: u32, consistent: bool) -> Result<Self, ReadError> {
        match &part.plan.dead_letters_of {
            None => Ok(Self::Segment(SegmentReader::new(&part.plan, segment, consistent, part.clock))),
            Some(run) => {
                let letters = DeadLetters::of(part.bucket, run, part.clock).await;
                letters.map(Self::DeadLetters).map_err(ReadError::DeadLetters)
            }
        }
    }

    /// Reads consistently from now on, or no longer. Dead letters are always read consistently.
    pub fn set_consistent(&self, consistent: bool) {
        if let Self::Segment(reader) = self {
            reader.set_consistent(consistent);
        }
    }

    /// The page at the part's checkpoint, at the part's share of the read units.
    pub async fn next_at_checkpoint<T>(&self, part: &Part<'_>, items: &T) -> Result<(Page, Tally), ReadError>
    where
        T: ScanSegment + ReadItem,
    {
        let portion = Portion { units_per_second: part.read_share(), items: None };
        self.next(items, part.checkpoint.cursor.as_ref(), portion).await
    }

    /// The page after the cursor, and a tally with its read units and throttles.
    pub async fn next<T>(&self, items: &T, cursor: Option<&Item>, portion: Portion) -> Result<(Page, Tally), ReadError>
    where
        T: ScanSegment + ReadItem,
    {
        let mut tally = Tally::default();
        let page = match self {
            Self::Segment(reader) => {
                let page = reader.next(items, cursor, portion).await.map_err(ReadError::Table)?;
                tally.throttles += reader.take_throttles();
                page
            }
            Self::DeadLetters(letters) => letters.next(items, cursor).await.map_err(ReadError::DeadLetters)?,
        };
        tally.units.read += page.units;
        Ok((page, tally))
    }
}
