//! The `tableshift` command against a stage, as a person or a pipeline runs it.

use std::process::Command;

use serde_json::{Value, json};

use crate::run::migration;
use crate::stack::{Stack, root};
use crate::table::{Table, old_items};
use crate::waiting::eventually;

/// The result of a call of the command.
pub struct Called {
    code: i32,
    out: String,
    err: String,
}

impl Stack {
    /// Calls the command with this stack's environment.
    pub fn tableshift(&self, arguments: &[&str]) -> Called {
        let mut command = Command::new(env!("CARGO"));
        command.current_dir(root()).args(["run", "--quiet", "--locked", "-p", "tableshift", "--"]).args(arguments);
        command.envs(&self.variables).env("NO_COLOR", "1");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        let done = command.output().expect("cargo runs the command");
        Called {
            code: done.status.code().expect("an exit code"),
            out: String::from_utf8_lossy(&done.stdout).into_owned(),
            err: String::from_utf8_lossy(&done.stderr).into_owned(),
        }
    }
}

impl Called {
    /// Fails unless the exit code is this one.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}{}", self.out, self.err);
        self
    }

    /// Its standard output, read as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }
}

/// The migration of every test in a file.
pub fn migration_file() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("split-address.json");
    std::fs::write(&path, migration().to_string()).expect("the file is written");
    (folder, path.to_str().expect("a path in UTF-8").to_owned())
}

#[tokio::test]
async fn the_command_starts_follows_reports_and_lists_a_run() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "command", &old_items(40)).await;
    let (_folder, file) = migration_file();
    let id = migration()["id"].as_str().expect("an id").to_owned();

    stack.tableshift(&["ensure-finished", &id, "--table", &table.name, "--file", &file]).ends(9);
    let done = stack.tableshift(&["run", &file, "--table", &table.name, "--stage", "dev", "--json"]).ends(0).json();
    assert_eq!((done["status"].as_str(), done["table"].as_str()), (Some("done"), Some(table.name.as_str())));
    assert_eq!(table.migrated().await, 40);
    let run = done["run"].as_str().expect("a run").to_owned();

    stack.tableshift(&["status", &run]).ends(0);
    assert!(stack.tableshift(&["report", &run]).ends(0).out.contains("verdict: good"));
    stack.tableshift(&["ensure-finished", &id, "--table", &table.name, "--file", &file]).ends(0);
    let history = stack.tableshift(&["history", "--table", &table.name, "--json"]).ends(0).json();
    assert_eq!((&history["applied"][0]["run"], &history["applied"][0]["verified"]), (&json!(run), &json!(true)));

    let by = history["applied"][0]["by"].as_array().expect("who started it");
    assert!(by.len() == 1 && by[0].as_str().is_some_and(|arn| arn.starts_with("arn:aws:")), "{by:?}");

    let put_back = stack.tableshift(&["roll-back", &run]).ends(0);
    assert!(put_back.err.contains("started"), "{}", put_back.err);
    assert_eq!(table.migrated().await, 0);
    stack.tableshift(&["ensure-finished", &id, "--table", &table.name, "--file", &file]).ends(9);
}

#[tokio::test]
async fn a_repeated_start_joins_the_run_which_is_throttled_paused_resumed_and_aborted() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "steered", &old_items(1_500)).await;
    let (_folder, file) = migration_file();
    let slow = r#"{"segments": 2, "write_units_per_second": 10}"#;
    let start = ["run", &file, "--table", &table.name, "--detach", "--json", "--input", slow];
    let (first, second) = (stack.tableshift(&start).ends(0).json(), stack.tableshift(&start).ends(0).json());
    assert_eq!(first["execution"], second["execution"]);
    assert_eq!((&first["joined"], &second["joined"]), (&json!(false), &json!(true)));
    let run = first["run"].as_str().expect("a run").to_owned();
    let seen = async |what: &str, holds: fn(&Value) -> bool| {
        eventually(what, async || Some(stack.tableshift(&["status", &run, "--json"]).json()).filter(holds)).await
    };

    let writes = |seen: &Value| {
        let progress = &seen["progress"];
        progress["phase"] == "migrate" && progress["tally"]["counts"]["changed"].as_u64() > Some(0)
    };
    seen("the run writes", writes).await;
    stack.tableshift(&["pause", &run, "--reason", "a look at the graphs"]).ends(0);
    let paused = seen("the run is on hold", |seen| seen["on_hold"].is_string()).await;
    assert_eq!(paused["on_hold"], "paused: a look at the graphs");
    stack.tableshift(&["throttle", &run, "--write-units", "30"]).ends(0);
    stack.tableshift(&["resume", &run, "--detach"]).ends(0);
    let faster =
        seen("the run goes on", |seen| seen["on_hold"].is_null() && seen["progress"]["phase"] == "migrate").await;
    assert_eq!(faster["progress"]["budget"], 30.0);

    stack.tableshift(&["abort", &run, "--reason", "enough seen"]).ends(0);
    let aborted = stack.tableshift(&["watch", &run]).ends(8);
    assert!(aborted.out.contains("enough seen"), "{}", aborted.out);
    assert!(table.migrated().await < 1_500);
    stack.tableshift(&["pause", &run]).ends(2);
}

#[tokio::test]
async fn a_second_run_on_a_table_is_refused_with_the_id_of_the_first() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "refused", &old_items(1_500)).await;
    // Built before the first run starts, which must still be running when the second one is started.
    stack.tableshift(&["--version"]).ends(0);
    let first = table.migrate(json!({"write_units_per_second": 5})).await;
    first.enters("Migrate").await;
    let (_folder, file) = migration_file();
    let refused = stack.tableshift(&["run", &file, "--table", &table.name]).ends(7);
    assert!(refused.out.contains("LockHeld") && refused.out.contains(&first.name), "{}", refused.out);
    first.stop().await;
}
