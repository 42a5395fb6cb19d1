//! Starting executions of the stage's state machine, and looking at them.

use aws_sdk_sfn::types::{ExecutionStatus, HistoryEvent};

use crate::error::{CallError, Cause};

/// The state machine of a stage.
#[derive(Debug, Clone)]
pub struct Operate {
    client: aws_sdk_sfn::Client,
    state_machine: String,
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// A new execution.
    New(Run),
    /// An execution of this name was there already, running or not.
    There(Run),
}

/// An execution's name and ARN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its name: the id of the run, if it began one.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// An execution as it stands.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Executing {
    /// Whether it still runs, or how it ended.
    pub status: Status,
    /// Its error's name, if it failed.
    pub error: Option<String>,
    /// Its error's cause, if it failed.
    pub cause: Option<String>,
    /// Its output as JSON, if it succeeded.
    pub output: Option<String>,
    /// Its input as JSON.
    pub input: String,
}

/// How an execution stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Status {
    /// It runs.
    #[default]
    Running,
    /// It did what was asked.
    Succeeded,
    /// It failed, was stopped or ran out of time.
    Failed,
}

/// A line of the list of executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// Its name and ARN.
    pub run: Run,
    /// How it stands.
    pub status: Status,
    /// When it started, in epoch seconds.
    pub started: i64,
    /// When it stopped, in epoch seconds.
    pub stopped: Option<i64>,
}

impl Operate {
    pub(crate) fn new(client: aws_sdk_sfn::Client, state_machine: &str) -> Self {
        Self { client, state_machine: state_machine.to_owned() }
    }

    /// The execution of this name, there or not.
    pub fn named(&self, name: &str) -> Run {
        let arn = self.state_machine.replacen(":stateMachine:", ":execution:", 1);
        Run { name: name.to_owned(), arn: format!("{arn}:{name}") }
    }

    /// Starts an execution. Step Functions gives a name once in 90 days. An execution that is there already under this name
    /// is no error, whatever its input.
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

    /// How an execution stands; none if Step Functions does not know it.
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

    /// The state that an execution entered last; none at its very start.
    pub async fn state(&self, arn: &str) -> Result<Option<String>, CallError> {
        let request = self.client.get_execution_history().execution_arn(arn).reverse_order(true);
        let answer = request.include_execution_data(false).max_results(100).send().await;
        let answer = answer.map_err(|error| CallError::new("GetExecutionHistory", arn, error))?;
        Ok(answer.events.iter().find_map(entered))
    }

    /// The latest executions, newest first.
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
