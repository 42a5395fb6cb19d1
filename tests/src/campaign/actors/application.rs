//! The application, which writes to the table while the workers do.

use std::time::Duration;

use tableshift_core::item::value::{Item, Value};
use tokio::time::sleep;

use crate::campaign::actors::migrations::{Expected, MigrationUnderTest};
use crate::campaign::engines::history::Actor;
use crate::campaign::engines::random::Random;
use crate::campaign::world::state::{SharedWorld, lock};

/// What the application may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationMode {
    /// Nothing.
    Silent,
    /// Only an attribute that no migration reads or touches.
    UnrelatedAttributes,
    /// Anything, including deletes and the migration itself.
    Unrestricted,
}

/// One of the application's writers.
#[derive(Debug)]
pub struct Writer {
    world: SharedWorld,
    migration: MigrationUnderTest,
    mode: ApplicationMode,
    keys: Vec<String>,
    random: Random,
    /// The longest pause between two writes, in milliseconds.
    pause: u64,
}

/// A write of one item.
#[derive(Debug, Clone, Copy)]
enum Operation {
    /// Increments a counter that no migration reads or touches.
    Increment,
    /// Sets an attribute that the migration reads.
    ChangeInput,
    /// Removes an attribute that the migration makes.
    RemoveOutput,
    /// Restores the old shape in place.
    RestoreOldShape,
    Delete,
    PutOld,
    PutNew,
    /// Applies the migration itself.
    Migrate,
}

/// The operations with their weights.
const OPERATIONS: [(u64, Operation); 8] = [
    (30, Operation::Increment),
    (25, Operation::ChangeInput),
    (5, Operation::RemoveOutput),
    (12, Operation::RestoreOldShape),
    (8, Operation::Delete),
    (10, Operation::PutOld),
    (6, Operation::PutNew),
    (4, Operation::Migrate),
];

impl Writer {
    /// A writer of these items. Unrestricted, it also creates new ones.
    pub fn new(
        world: SharedWorld,
        migration: MigrationUnderTest,
        mode: ApplicationMode,
        keys: &[String],
        mut random: Random,
    ) -> Self {
        let pause = *random.pick(&[4, 40, 400, 3_000]);
        let mut keys = keys.to_vec();
        if mode == ApplicationMode::Unrestricted {
            // Writes concentrate on few items, so that writers conflict with each other.
            keys = (0..keys.len().div_ceil(2)).map(|_| random.pick(&keys).clone()).collect();
            keys.extend((0..random.below(6)).map(|number| format!("new-{number}")));
        }
        Self { world, migration, mode, keys, random, pause }
    }

    /// Writes this many times, with pauses.
    pub async fn write(mut self, times: u64) {
        if self.mode == ApplicationMode::Silent || self.keys.is_empty() {
            return;
        }
        for _ in 0..times {
            sleep(Duration::from_millis(self.random.within(1, self.pause))).await;
            let operation = match self.mode {
                ApplicationMode::Unrestricted => *self.random.weighted(&OPERATIONS),
                _ => Operation::Increment,
            };
            let key = self.random.pick(&self.keys).clone();
            self.perform(operation, &key);
        }
    }

    /// Performs one write, atomically as every write of one item.
    fn perform(&mut self, operation: Operation, partition: &str) {
        let shared = self.world.clone();
        let mut world = lock(&shared);
        let now = world.item(partition).cloned();
        let expected = now.as_ref().map(|item| self.migration.expected(item));
        let changed = match (operation, now) {
            (Operation::Delete, _) => None,
            (Operation::PutOld, _) => Some(self.migration.old_item(partition, &mut self.random)),
            (Operation::PutNew, _) => Some(self.migration.new_item(partition, &mut self.random)),
            // An update of a missing item fails its condition.
            (_, None) => return,
            (Operation::Migrate, Some(_)) => match expected {
                Some(Expected::Changed(item)) => Some(item),
                _ => return,
            },
            (operation, Some(item)) => Some(self.updated(operation, item)),
        };
        world.set(&Actor::Application, partition, changed.as_ref());
        world.count("application writes", 1);
    }

    fn updated(&mut self, operation: Operation, mut item: Item) -> Item {
        let random = &mut self.random;
        match operation {
            Operation::ChangeInput => {
                let attribute = *random.pick(self.migration.input_attributes());
                let value = self.migration.random_value(attribute, random);
                set(&mut item, attribute, value);
            }
            Operation::RemoveOutput => {
                let attribute = *random.pick(self.migration.output_attributes());
                set(&mut item, attribute, None);
            }
            Operation::RestoreOldShape => {
                let old = self.migration.old_item("", random);
                self.migration.output_attributes().iter().for_each(|name| set(&mut item, name, None));
                self.migration.input_attributes().iter().for_each(|name| set(&mut item, name, old.get(*name).cloned()));
            }
            _ => {
                let hits = match item.get("hits") {
                    Some(Value::N(hits)) => hits.parse::<u64>().expect("a count"),
                    _ => 0,
                };
                set(&mut item, "hits", Some(Value::n((hits + 1).to_string())));
            }
        }
        item
    }
}

fn set(item: &mut Item, attribute: &str, value: Option<Value>) {
    match value {
        Some(value) => item.insert(attribute.to_owned(), value),
        None => item.remove(attribute),
    };
}
