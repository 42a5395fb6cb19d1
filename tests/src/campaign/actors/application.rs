//! The application: it writes to the table while the workers do, and remembers what it was told.

use std::time::Duration;

use tableshift_core::item::value::{Item, Value};
use tokio::time::sleep;

use crate::campaign::actors::migrations::{Meant, Subject};
use crate::campaign::engines::history::By;
use crate::campaign::engines::random::Chance;
use crate::campaign::world::effects::{Shared, lock};

/// What the application may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manners {
    /// It writes nothing.
    Silent,
    /// It writes only what no migration reads or touches.
    Polite,
    /// It writes whatever it likes.
    Rude,
}

/// One of the application's writers.
#[derive(Debug)]
pub struct Writer {
    world: Shared,
    subject: Subject,
    manners: Manners,
    keys: Vec<String>,
    chance: Chance,
    /// The longest pause between two writes, in milliseconds.
    pause: u64,
}

/// What a writer does to one item.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Hit,
    Change,
    Forget,
    GoBack,
    Delete,
    PutOld,
    PutNew,
    Migrate,
}

const DEEDS: [(u64, Deed); 8] = [
    (30, Deed::Hit),
    (25, Deed::Change),
    (5, Deed::Forget),
    (12, Deed::GoBack),
    (8, Deed::Delete),
    (10, Deed::PutOld),
    (6, Deed::PutNew),
    (4, Deed::Migrate),
];

impl Writer {
    /// A writer of these items, and of items that do not exist yet.
    pub fn new(world: Shared, subject: Subject, manners: Manners, keys: &[String], mut chance: Chance) -> Self {
        let pause = *chance.pick(&[4, 40, 400, 3_000]);
        let mut keys = keys.to_vec();
        if manners == Manners::Rude {
            // Few items are written often: it is in the same item that writers meet.
            keys = (0..keys.len().div_ceil(2)).map(|_| chance.pick(&keys).clone()).collect();
            keys.extend((0..chance.below(6)).map(|number| format!("new-{number}")));
        }
        Self { world, subject, manners, keys, chance, pause }
    }

    /// Writes so many times.
    pub async fn write(mut self, times: u64) {
        if self.manners == Manners::Silent || self.keys.is_empty() {
            return;
        }
        for _ in 0..times {
            sleep(Duration::from_millis(self.chance.within(1, self.pause))).await;
            let deed = match self.manners {
                Manners::Rude => *self.chance.weighted(&DEEDS),
                _ => Deed::Hit,
            };
            let key = self.chance.pick(&self.keys).clone();
            self.act(deed, &key);
        }
    }

    /// One write. It takes effect in one piece, as every write of one item does.
    fn act(&mut self, deed: Deed, partition: &str) {
        let shared = self.world.clone();
        let mut world = lock(&shared);
        let now = world.item(partition).cloned();
        let migrated = now.as_ref().map(|item| self.subject.meant(item));
        let becomes = match (deed, now) {
            (Deed::Delete, _) => None,
            (Deed::PutOld, _) => Some(self.subject.unmigrated(partition, &mut self.chance)),
            (Deed::PutNew, _) => Some(self.subject.migrated(partition, &mut self.chance)),
            // An update of what is not there fails its condition.
            (_, None) => return,
            (Deed::Migrate, Some(_)) => match migrated {
                Some(Meant::Changed(changed)) => Some(changed),
                _ => return,
            },
            (deed, Some(item)) => Some(self.updated(deed, item)),
        };
        world.set(&By::Application, partition, becomes.as_ref());
        world.count("application writes", 1);
    }

    fn updated(&mut self, deed: Deed, mut item: Item) -> Item {
        let chance = &mut self.chance;
        match deed {
            Deed::Change => {
                let attribute = *chance.pick(self.subject.read());
                let value = self.subject.value(attribute, chance);
                set(&mut item, attribute, value);
            }
            Deed::Forget => {
                let attribute = *chance.pick(self.subject.made());
                set(&mut item, attribute, None);
            }
            Deed::GoBack => {
                let old = self.subject.unmigrated("", chance);
                self.subject.made().iter().for_each(|name| set(&mut item, name, None));
                self.subject.read().iter().for_each(|name| set(&mut item, name, old.get(*name).cloned()));
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
