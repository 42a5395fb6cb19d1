//! Starts, describes and lists executions of the stage's state machine.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};

use crate::error::{CallError, Cause};

/// The executions of the state machine of a stage.
#[derive(Debug, Clone)]
pub struct Operate {
    client: aws_sdk_sfn::Client,
    state_machine: String,
}

/// The outcome of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A new execution was started.
    New(Run),
    /// An execution with this name existed already, running or not.
    There(Run),
}

/// An execution's name and ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The name. It is also the id of the run, if the execution began a new run.
    pub name: String,
    /// The ARN.
    pub arn: String,
}

/// The state of an execution.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Executing {
    /// Whether it runs, succeeded or failed.
    pub status: Status,
    /// If it failed: the error name.
    pub error: Option<String>,
    /// If it failed: the cause.
    pub cause: Option<String>,
    /// If it succeeded: the output as JSON.
    pub output: Option<String>,
    /// The input as JSON.
    pub input: String,
}

/// Whether an execution runs, or how it ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// It runs, or is about to be redriven.
    #[default]
    Running,
    /// It reached the end of the state machine.
    Succeeded,
    /// It failed, was stopped or timed out.
    Failed,
}

/// An entry in the list of executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The name and ARN.
    pub run: Run,
    /// Whether it runs, succeeded or failed.
    pub status: Status,
    /// The start, in epoch seconds.
    pub started: i64,
    /// The end, in epoch seconds; `None` while it runs.
    pub stopped: Option<i64>,
}

impl Operate {
    pub(crate) fn new(client: aws_sdk_sfn::Client, state_machine: &str) -> Self {
        Self { client, state_machine: state_machine.to_owned() }
    }

    /// The execution with this name, whether it exists or not.
    pub fn named(&self, name: &str) -> Run {
        let arn = self.state_machine.replacen(":stateMachine:", ":execution:", 1);
        Run { name: name.to_owned(), arn: format!("{arn}:{name}") }
    }

    /// Starts an execution. A name can be used once in 90 days. If an execution with this name exists, that is not an error,
    /// whatever its input. Source: Step Functions API reference, StartExecution.
    pub async fn start(&self, name: &str, input: &str) -> Result<Started, CallError> {
        let request = self.client.start_execution().state_machine_arn(&self.state_machine).name(name).input(input);
        match request.send().await {
            Ok(started) => Ok(Started::New(Run { name: name.to_owned(), arn: started.execution_arn })),
            Err(error) => {
                let error = CallError::new("StartExecution", name, error);
                if error.has_code("ExecutionAlreadyExists") { Ok(Started::There(self.named(name))) } else { Err(error) }
            }
        }
    }

    /// The state of an execution; `None` if Step Functions does not know it.
    pub async fn describe(&self, arn: &str) -> Result<Option<Executing>, CallError> {
        let answer = self.client.describe_execution().execution_arn(arn).send().await;
        let answer = match answer.map_err(|error| CallError::new("DescribeExecution", arn, error)) {
            Err(error) if error.cause == Cause::NotFound || error.has_code("ExecutionDoesNotExist") => return Ok(None),
            answer => answer?,
        };
        Ok(Some(Executing {
            status: status(&answer.status),
            error: answer.error,
            cause: answer.cause,
            output: answer.output,
            input: answer.input.unwrap_or_default(),
        }))
    }

    /// The state of the state machine that the execution entered last; `None` before the first.
    pub async fn state(&self, arn: &str) -> Result<Option<String>, CallError> {
        let request = self.client.get_execution_history().execution_arn(arn).reverse_order(true);
        let answer = request.include_execution_data(false).max_results(100).send().await;
        let answer = answer.map_err(|error| CallError::new("GetExecutionHistory", arn, error))?;
        Ok(answer.events.iter().find_map(entered))
    }

    /// The latest executions, at most `most`, newest first.
    pub async fn latest(&self, most: i32) -> Result<Vec<Summary>, CallError> {
        let request = self.client.list_executions().state_machine_arn(&self.state_machine).max_results(most);
        let answer =
            request.send().await.map_err(|error| CallError::new("ListExecutions", &self.state_machine, error))?;
        let summaries = answer.executions.into_iter().map(|execution| Summary {
            status: status(&execution.status),
            started: execution.start_date.secs(),
            stopped: execution.stop_date.map(|date| date.secs()),
            run: Run { name: execution.name, arn: execution.execution_arn },
        });
        Ok(summaries.collect())
    }
}

fn entered(event: &HistoryEvent) -> Option<String> {
    event.state_entered_event_details().map(|details| details.name.clone())
}

fn status(status: &ExecutionStatus) -> Status {
    match status {
        ExecutionStatus::Running | ExecutionStatus::PendingRedrive => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded,
        _ => Status::Failed,
    }
}
