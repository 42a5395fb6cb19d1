//! A run of 200,000 items that an operator steers while `tableshift watch` follows it: a measurement that is run by hand.
//! Its result is in `scripts/cli/README.md`.
//!
//! With stage dev up: `cargo test --workspace --test workflow -- --ignored --nocapture live`. It takes some ten minutes and
//! prints the output of `tableshift watch`, and between its lines each command of the operator and how soon it took effect.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tableshift_core::plan::phase::Phase;
use tableshift_runtime::epoch_millis;

use crate::command::migration_file;
use crate::stack::{Stack, root};
use crate::table::{Table, old_items};

const ITEMS: usize = 200_000;
const START: &str = r#"{"segments": 64, "max_concurrency": 8, "write_units_per_second": 400}"#;

/// A run that `tableshift watch` follows and an operator steers.
struct Live<'s> {
    stack: &'s Stack,
    run: String,
    begun: Arc<Instant>,
}

impl Live<'_> {
    /// Prints an action or an observation with its time, in the format of the watch's lines.
    fn say(&self, what: &str) {
        say(&self.begun, what);
    }

    /// Runs a command and prints it. Returns when it had taken effect, in epoch seconds.
    fn command(&self, arguments: &[&str]) -> f64 {
        self.say(&format!("$ tableshift {}", arguments.join(" ")));
        let done = tableshift(self.stack, arguments).output().expect("the command runs");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        epoch_millis() as f64 / 1000.0
    }

    /// When the run was last paused or stopped according to the ledger, in epoch seconds.
    async fn since(&self) -> f64 {
        let control = self.stack.ledger().control(&self.run, Phase::Migrate).await;
        control.expect("the ledger answers").since as f64 / 1000.0
    }

    async fn until(&self, what: &str, seconds: u64, holds: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        loop {
            let done = tableshift(self.stack, &["status", &self.run, "--json"]).output().expect("the command runs");
            if holds(&serde_json::from_slice(&done.stdout).expect("JSON")) {
                return;
            }
            assert!(begun.elapsed().as_secs() < seconds, "{what}: not within {seconds} seconds");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

fn say(begun: &Instant, what: &str) {
    println!("{:>4} s  {what}", begun.elapsed().as_secs());
}

/// The command's binary itself: with `cargo run`, the measurement would include cargo.
fn tableshift(stack: &Stack, arguments: &[&str]) -> Command {
    let tests = std::env::current_exe().expect("this program has a path");
    let mut command = Command::new(tests.parent().and_then(|deps| deps.parent()).expect("a folder").join("tableshift"));
    command.args(arguments).current_dir(root()).envs(&stack.variables).env("NO_COLOR", "1");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

/// A watch that prints its lines, each with the seconds since `begun`.
fn watch(stack: &Stack, run: &str, begun: &Arc<Instant>) -> Child {
    let mut command = tableshift(stack, &["watch", run, "--lines"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the watch begins");
    let (lines, begun) = (BufReader::new(child.stderr.take().expect("it is piped")), Arc::clone(begun));
    std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(|line| say(&begun, &line)));
    child
}

/// The seconds in which items were written, in order, from the table's stream.
struct Writes(Vec<f64>);

impl Writes {
    fn of(table: &Table<'_>) -> Self {
        let mut at: Vec<f64> = table.changes().iter().map(|change| change.at as f64).collect();
        at.sort_by(f64::total_cmp);
        Self(at)
    }

    fn within(&self, from: f64, until: f64) -> impl Iterator<Item = f64> {
        self.0.iter().copied().filter(move |at| (from..until).contains(at))
    }

    fn rate(&self, from: f64, until: f64) -> f64 {
        self.within(from.ceil(), until.floor()).count() as f64 / (until.floor() - from.ceil())
    }
}

#[tokio::test]
#[ignore = "a measurement of ten minutes"]
async fn a_run_of_200_000_items_is_steered_while_it_is_watched() {
    let stack = Stack::of("dev").await;
    stack.tableshift(&["--version"]).ends(0);
    let table = Table::with(&stack, "live", &old_items(ITEMS)).await.watched().await;
    let (_folder, file) = migration_file();
    let start = ["run", &file, "--table", &table.name, "--detach", "--json", "--input", START];
    let run = stack.tableshift(&start).ends(0).json()["run"].as_str().expect("a run").to_owned();
    let live = Live { stack: &stack, run: run.clone(), begun: Arc::new(Instant::now()) };
    let mut watching = watch(&stack, &run, &live.begun);
    let writes = |seen: &Value| {
        let progress = &seen["progress"];
        progress["phase"] == "migrate" && progress["tally"]["counts"]["changed"].as_u64() > Some(4_000)
    };
    live.until("it writes", 300, writes).await;
    tokio::time::sleep(Duration::from_secs(30)).await;

    live.command(&["pause", &run, "--reason", "the graphs look odd"]);
    let paused = live.since().await;
    tokio::time::sleep(Duration::from_secs(25)).await;
    live.command(&["throttle", &run, "--write-units", "100"]);
    let resumed = live.command(&["resume", &run, "--detach"]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    let faster = live.command(&["throttle", &run, "--write-units", "400"]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    live.command(&["abort", &run, "--reason", "enough seen"]);
    let aborted = live.since().await;
    watching.wait().expect("the watch ends with the run");
    live.say("$ tableshift resume, with 4,000 write units a second");
    let resumed_again = epoch_millis() as f64 / 1000.0;
    stack.tableshift(&["resume", &run, "--input", r#"{"write_units_per_second": 4000}"#]).ends(0);
    live.say("# done");
    assert_eq!(table.migrated().await, ITEMS);

    let writes = Writes::of(&table);
    assert_eq!(writes.0.len(), ITEMS, "each item was written once");
    let last = |from: f64, until: f64| writes.within(from, until).fold(from, f64::max) - from;
    println!("the last write came {:.0} s after the pause", last(paused.floor(), resumed));
    println!("writes a second in the 20 s before the pause: {:.1} of 400", writes.rate(paused - 20.0, paused));
    let first = writes.within(resumed, faster).next().expect("the run continued");
    println!("the first write came {:.0} s after the resume", first - resumed);
    println!("writes a second from 5 s after that on: {:.1} of 100", writes.rate(first + 5.0, faster));
    println!(
        "writes a second from 5 s after the budget was raised on: {:.1} of 400",
        writes.rate(faster + 5.0, aborted)
    );
    println!("the last write came {:.0} s after the abort", last(aborted.floor(), resumed_again));
}
