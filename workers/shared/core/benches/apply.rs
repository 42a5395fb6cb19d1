//! What applying a migration costs in CPU time an item, on one core, against the same transform written by hand.
//!
//! `cargo bench -p tableshift-core --bench apply` prints the table; with `-- --check` it fails where a limit is passed.

use cpu_time::ThreadTime;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tableshift_core::change::filter::Filter;
use tableshift_core::change::footprint::Footprint;
use tableshift_core::change::invalid::Invalid;
use tableshift_core::change::item_change::Change;
use tableshift_core::change::migration::{Migration, Outcome};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;

const SPLIT_ADDRESS: &str = include_str!("split-address.yaml");

/// The limits, in microseconds an item.
const MATCHED_LIMIT: f64 = 6.0;
const UNMATCHED_LIMIT: f64 = 1.5;

/// The transform of the split-address migration as one would write it in Rust.
struct ByHand {
    footprint: Arc<Footprint>,
}

impl ByHand {
    fn new() -> Self {
        let touched = ["addressDetails", "postalCode", "version", "zip"].map(String::from);
        Self { footprint: Footprint::new(touched.into(), ["address".to_owned()]) }
    }

    fn details(address: &str) -> Option<Item> {
        let (street, rest) = address.split_once(',')?;
        let (city, state) = rest.trim_start_matches(' ').split_once(',')?;
        let state = state.trim_start_matches(' ');
        let legal = state.len() == 2 && state.bytes().all(|byte| byte.is_ascii_uppercase());
        legal.then(|| {
            Item::from([("street", street), ("city", city), ("state", state)].map(|(n, v)| (n.into(), Value::s(v))))
        })
    }
}

impl Migration for ByHand {
    fn id(&self) -> &str {
        "by-hand"
    }

    fn apply(&self, item: &Item) -> Outcome {
        if !item.contains_key("address") || item.contains_key("addressDetails") {
            return Outcome::NotMatched;
        }
        let Some(Value::S(address)) = item.get("address") else { return Outcome::Invalid(Invalid::Check) };
        let Some(details) = Self::details(address) else { return Outcome::Invalid(Invalid::Check) };
        let mut changed = Item::from([("addressDetails".into(), Value::M(details)), ("version".into(), Value::n("2"))]);
        if let Some(zip) = item.get("zip") {
            changed.insert("postalCode".into(), zip.clone());
        }
        Change::between(item, changed, &self.footprint).map_or(Outcome::AlreadyDone, Outcome::Changed)
    }

    fn footprint(&self) -> &Arc<Footprint> {
        &self.footprint
    }

    fn filter(&self) -> Option<Filter> {
        None
    }

    fn check(&self, item: &Item) -> bool {
        item.contains_key("addressDetails")
    }
}

fn item(address: bool) -> Item {
    let text = |name: &str, value: &str| (name.to_owned(), Value::s(value));
    let mut item = Item::from([
        text("pk", "CUSTOMER#0001"),
        text("sk", "PROFILE"),
        text("name", "Ada Example"),
        text("zip", "02134"),
        text("email", "ada@example.com"),
        ("orders".into(), Value::n("17")),
    ]);
    if address {
        item.extend([text("address", "123 Main Street, Boston, MA")]);
    }
    item
}

/// CPU microseconds an item: the best of several rounds, so that other work on the machine does not count.
fn measure(migration: &impl Migration, item: &Item) -> f64 {
    const ITEMS: u32 = 20_000;
    let round = || {
        let begun = ThreadTime::now();
        for _ in 0..ITEMS {
            black_box(migration.apply(black_box(item)));
        }
        begun.elapsed()
    };
    let best = (0..15).map(|_| round()).min().unwrap_or(Duration::ZERO);
    best.as_secs_f64() * 1e6 / f64::from(ITEMS)
}

fn main() -> ExitCode {
    let document = Document::from_yaml(SPLIT_ADDRESS).expect("the example is a document");
    let migration = Compiled::of(&document).expect("the example has a meaning");
    assert!(
        matches!(migration.apply(&item(true)), Outcome::Changed(_))
            && migration.apply(&item(false)) == Outcome::NotMatched
    );
    let by_hand = ByHand::new();
    println!("{:<22} {:>10} {:>10} {:>7} {:>10}", "microseconds an item", "document", "by hand", "ratio", "limit");
    let mut passed = false;
    for (what, matches, limit) in [("split-address", true, MATCHED_LIMIT), ("not matched", false, UNMATCHED_LIMIT)] {
        let (ours, theirs) = (measure(&migration, &item(matches)), measure(&by_hand, &item(matches)));
        println!("{what:<22} {ours:>10.2} {theirs:>10.2} {:>6.1}x {limit:>10.1}", ours / theirs);
        passed |= ours > limit;
    }
    let check = std::env::args().any(|argument| argument == "--check");
    if check && passed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
