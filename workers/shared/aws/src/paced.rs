//! Conditional writes at a pace: each waits for its share of the run's budget and is charged what it consumed.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use tableshift_core::pace::Pace;
use tableshift_core::update::Update;
use tableshift_core::value::Item;

use crate::error::CallError;
use crate::update::{UpdateItem, Written};

/// Writes items of a table at a pace.
#[derive(Debug)]
pub struct PacedWriter<'t, T> {
    items: &'t T,
    pace: RefCell<Pace>,
    started: Instant,
}

impl<'t, T: UpdateItem> PacedWriter<'t, T> {
    /// Writes at so many write units a second; `None` never waits.
    pub fn new(items: &'t T, units_per_second: Option<f64>) -> Self {
        Self { items, pace: RefCell::new(Pace::new(units_per_second, Duration::ZERO)), started: Instant::now() }
    }

    /// Sends one update when its turn has come. `None`: its turn would come later than `time_left`, so it was not sent.
    pub async fn update(
        &self,
        key: &Item,
        update: &Update,
        expected_units: f64,
        time_left: Duration,
    ) -> Result<Option<Written>, CallError> {
        let wait = self.pace.borrow_mut().wait(self.started.elapsed());
        if wait >= time_left {
            return Ok(None);
        }
        // What is expected is charged before the write: writes in flight together must not each find the budget
        // untouched. What it really consumed, indexes included, is settled after.
        self.charge(expected_units);
        tokio::time::sleep(wait).await;
        let written = self.items.update(key, update).await?;
        if let Written::Done { units } = &written {
            self.charge(units - expected_units);
        }
        Ok(Some(written))
    }

    fn charge(&self, units: f64) {
        self.pace.borrow_mut().charge(units, self.started.elapsed());
    }
}
