//! An execution: starting it, waiting for its end, reading its results.

use aws_sdk_sfn::types::ExecutionStatus;
use serde_json::{Value, json};
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::load;
use tableshift_aws::s3::ListObjects as _;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::Tally;

use crate::stack::{Stack, unique};
use crate::table::Table;
use crate::waiting::eventually;

/// An execution of the state machine.
pub struct Execution<'s> {
    /// Its stack.
    pub stack: &'s Stack,
    /// Its name, which is the run's id if the execution started the run.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// How an execution ended.
#[derive(Debug)]
pub struct Ending {
    /// Its status.
    pub status: ExecutionStatus,
    /// The error's name; empty on success.
    pub error: String,
    /// The error's cause; empty on success.
    pub cause: String,
    /// Its output; null on failure.
    pub output: Value,
}

impl Stack {
    /// Starts an execution with this input.
    pub async fn start(&self, word: &str, input: &Value) -> Execution<'_> {
        self.start_as(unique(word), input).await
    }

    /// Starts an execution of this name with this input.
    pub async fn start_as(&self, name: String, input: &Value) -> Execution<'_> {
        let request = self.sfn.start_execution().state_machine_arn(self.variable("TABLESHIFT_STATE_MACHINE_ARN"));
        let started = request.name(&name).input(input.to_string()).send().await.expect("the execution is started");
        Execution { stack: self, name, arn: started.execution_arn }
    }

    /// Starts an action on an existing run, and waits for its end.
    pub async fn act(&self, action: &str, run: &str) -> Ending {
        self.start(action, &json!({"action": action, "run": run})).await.ended().await
    }

    /// The run's report.
    pub async fn report(&self, run: &str) -> Report {
        let report = load(&self.bucket(), &keys::report(run)).await.expect("the bucket answers");
        report.unwrap_or_else(|| panic!("run {run} left no report"))
    }

    /// The counts of a phase in the run's report.
    pub async fn tally(&self, run: &str, phase: Phase) -> Tally {
        let mut report = self.report(run).await;
        report.phases.remove(&phase).unwrap_or_else(|| panic!("the report has no {}", phase.as_str())).tally
    }

    /// The run's record in the ledger.
    pub async fn record(&self, run: &str) -> RunRecord {
        let record = self.ledger().run(run).await.expect("the ledger answers");
        record.unwrap_or_else(|| panic!("run {run} is not in the ledger"))
    }

    /// The keys of a run's objects in this folder of the run; all of them for an empty name.
    pub async fn left(&self, run: &str, folder: &str) -> Vec<String> {
        self.bucket().list(&format!("runs/{run}/{folder}")).await.expect("the bucket answers")
    }
}

impl Table<'_> {
    /// Starts to migrate this table with the tests' migration; `options` are added to the input.
    pub async fn migrate(&self, options: Value) -> Execution<'_> {
        self.start(input(&self.name, "migrate", options)).await
    }

    /// Starts an execution with this input.
    pub async fn start(&self, input: Value) -> Execution<'_> {
        self.stack.start("run", &input).await
    }
}

impl Execution<'_> {
    /// Waits for its end.
    pub async fn ended(&self) -> Ending {
        let what = format!("the end of {}", self.name);
        let ended = eventually(&what, async || {
            let request = self.stack.sfn.describe_execution().execution_arn(&self.arn);
            let execution = request.send().await.expect("the execution can be described");
            (execution.status != ExecutionStatus::Running).then_some(execution)
        });
        let ended = ended.await;
        Ending {
            status: ended.status,
            error: ended.error.unwrap_or_default(),
            cause: ended.cause.unwrap_or_default(),
            output: ended.output.and_then(|output| serde_json::from_str(&output).ok()).unwrap_or_default(),
        }
    }

    /// Stops it, as a person does in the console.
    pub async fn stop(&self) {
        self.stack.sfn.stop_execution().execution_arn(&self.arn).send().await.expect("the execution is stopped");
    }

    /// Waits until the execution enters a state.
    pub async fn enters(&self, state: &str) {
        eventually(&format!("{} in {state}", self.name), async || {
            let request = self.stack.sfn.get_execution_history().execution_arn(&self.arn);
            let history = request.reverse_order(true).send().await.expect("the history can be read");
            let mut entered = history.events.iter().filter_map(|event| event.state_entered_event_details());
            entered.any(|details| details.name == state).then_some(())
        })
        .await;
    }
}

impl Ending {
    /// Fails unless the run succeeded.
    #[track_caller]
    pub fn succeeds(self) -> Value {
        assert_eq!(self.status, ExecutionStatus::Succeeded, "{}: {}", self.error, self.cause);
        self.output
    }

    /// Fails unless the run failed with this error. Returns the cause.
    #[track_caller]
    pub fn fails_with(self, error: &str) -> String {
        assert_eq!((self.status, self.error.as_str()), (ExecutionStatus::Failed, error), "{}", self.cause);
        self.cause
    }
}

/// An input for the tests' migration, with further fields.
pub fn input(table: &str, action: &str, options: Value) -> Value {
    let mut input = json!({"migration": migration(), "table": table, "action": action});
    let fields = input.as_object_mut().expect("an object");
    fields.extend(options.as_object().cloned().unwrap_or_default());
    input
}

/// The tests' migration: it computes an attribute, renames one, removes one and sets a version.
pub fn migration() -> Value {
    let document = Document::from_yaml(tableshift_tests::MIGRATION).expect("a valid document");
    serde_json::to_value(document).expect("plain data serialises")
}
