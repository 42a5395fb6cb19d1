//! A run of 200,000 items that an operator steers while it is watched: a measurement, made by hand and kept in
//! `scripts/cli/README.md`.
//!
//! With stage dev up: `cargo test --workspace --test workflow -- --ignored --nocapture live`. It takes some ten minutes and
//! prints what `tableshift watch` printed, and between its lines what the operator did and how soon that was so.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::DateTime;
use serde_json::Value;

use crate::command::migration_file;
use crate::stack::Stack;
use crate::table::{Table, old_items};

const ITEMS: usize = 200_000;
const START: &str = r#"{"segments": 64, "max_concurrency": 8, "write_units_per_second": 800}"#;

/// What is measured, and by when it is counted from.
struct Live<'s> {
    stack: &'s Stack,
    run: String,
    begun: Arc<Instant>,
}

impl Live<'_> {
    /// Prints what is done or seen, and when, as the lines of the watch are printed.
    fn say(&self, what: &str) {
        say(&self.begun, what);
    }

    /// Runs a command and says so.
    fn command(&self, arguments: &[&str]) -> Instant {
        self.say(&format!("$ tableshift {}", arguments.join(" ")));
        let at = Instant::now();
        self.stack.tableshift(arguments).ends(0);
        at
    }

    fn status(&self) -> Value {
        self.stack.tableshift(&["status", &self.run, "--json"]).json()
    }

    fn changed(&self) -> u64 {
        let status = self.status();
        status["progress"]["tally"]["counts"]["changed"].as_u64().unwrap_or_default()
    }

    async fn until(&self, what: &str, seconds: u64, holds: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        while !holds(&self.status()) {
            assert!(begun.elapsed().as_secs() < seconds, "{what}: not within {seconds} seconds");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// How many seconds after `since` the latest object was put under one of the run's folders.
    async fn latest(&self, folder: &str, since: DateTime) -> f64 {
        let request = self.stack.s3.list_objects_v2().bucket(self.stack.variable("TABLESHIFT_BUCKET"));
        let listed = request.prefix(format!("runs/{}/{folder}", self.run)).into_paginator();
        let pages = listed.send().collect::<Result<Vec<_>, _>>().await.expect("the bucket can be listed");
        let times = pages.iter().flat_map(|page| page.contents()).filter_map(|object| object.last_modified());
        let latest = times.map(DateTime::as_secs_f64).fold(f64::MIN, f64::max);
        latest - since.as_secs_f64()
    }
}

fn say(begun: &Instant, what: &str) {
    println!("{:>4} s  {what}", begun.elapsed().as_secs());
}

/// A watch that prints its lines, each with the seconds since `begun`.
fn watch(stack: &Stack, run: &str, begun: &Arc<Instant>) -> Child {
    let mut command = stack.command(&["watch", run, "--lines"]);
    let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().expect("the watch begins");
    let (lines, begun) = (BufReader::new(child.stderr.take().expect("it is piped")), Arc::clone(begun));
    std::thread::spawn(move || lines.lines().map_while(Result::ok).for_each(|line| say(&begun, &line)));
    child
}

#[tokio::test]
#[ignore = "a measurement of ten minutes"]
async fn a_run_of_200_000_items_is_steered_while_it_is_watched() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "live", &old_items(ITEMS)).await;
    let (_folder, file) = migration_file();
    let start = ["run", &file, "--table", &table.name, "--detach", "--json", "--input", START];
    let run = stack.tableshift(&start).ends(0).json()["run"].as_str().expect("a run").to_owned();
    let live = Live { stack: &stack, run: run.clone(), begun: Arc::new(Instant::now()) };
    let mut watching = watch(&stack, &run, &live.begun);
    live.until("a part is written", 300, |seen| seen["progress"]["phase"] == "migrate").await;
    tokio::time::sleep(Duration::from_secs(30)).await;

    let now = DateTime::from(std::time::SystemTime::now());
    live.command(&["pause", &run, "--reason", "the graphs look odd"]);
    tokio::time::sleep(Duration::from_secs(8)).await;
    live.say(&format!("# the last worker left {:.1} s after the pause", live.latest("migrate/", now).await));
    let before = live.changed();
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(live.changed(), before, "nothing is written while it is paused");

    let now = DateTime::from(std::time::SystemTime::now());
    live.command(&["throttle", &run, "--write-units", "200"]);
    live.command(&["resume", &run, "--detach"]);
    let changed = live.changed();
    live.until("it goes on", 60, |seen| seen["progress"]["tally"]["counts"]["changed"].as_u64() > Some(changed)).await;
    live.say(&format!(
        "# written again, and counted, {:.0} s after",
        DateTime::from(std::time::SystemTime::now()).as_secs_f64() - now.as_secs_f64()
    ));
    tokio::time::sleep(Duration::from_secs(45)).await;

    live.command(&["throttle", &run, "--write-units", "800"]);
    tokio::time::sleep(Duration::from_secs(45)).await;
    let now = DateTime::from(std::time::SystemTime::now());
    live.command(&["abort", &run, "--reason", "enough seen"]);
    watching.wait().expect("the watch ends with the run");
    live.say(&format!(
        "# the last journal object was put {:.1} s after the abort, and the run has ended",
        live.latest("journal/", now).await
    ));

    live.say(&format!("$ tableshift resume {run} --input '{{\"write_units_per_second\": 4000}}'"));
    stack.tableshift(&["resume", &run, "--input", r#"{"write_units_per_second": 4000}"#]).ends(0);
    live.say("# done");
    assert_eq!(table.migrated().await, ITEMS);
}
