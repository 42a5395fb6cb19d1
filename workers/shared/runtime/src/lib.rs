//! The Lambda side of every worker: JSON in, JSON out, log lines, the deadline, and errors under the names that the
//! state machine matches on.
//!
//! What a worker does with its input does not belong here.

mod deadline;

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tracing::Instrument;
use tracing_subscriber::EnvFilter;

pub use deadline::{Clock, Deadline, epoch_millis};
pub use tableshift_core::ErrorName;
pub use tableshift_core::error::failure::{Named, chain};

/// Why a worker could not start, or why Lambda's loop ended.
pub type ServeError = lambda_runtime::Error;

/// Serves a worker until Lambda ends the process.
///
/// `worker` is the name in the log lines. `handler` gets the typed input and the time at which Lambda would kill the
/// invocation. Log lines carry the worker and the run, but never the payload, which may contain item values.
pub async fn serve<I, O, E, F, Fut>(worker: &'static str, handler: F) -> Result<(), ServeError>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Named,
    F: Fn(I, Deadline) -> Fut,
    Fut: Future<Output = Result<O, E>>,
{
    trace_to_stdout();
    let handler = &handler;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<Value>| {
        let deadline = Deadline::at_epoch_millis(event.context.deadline);
        let run = run_of(&event.payload).to_owned();
        let span = tracing::info_span!("work", worker, run);
        // Boxed: a worker's future nests so deeply that the compiler cannot lay out Lambda's loop around it.
        let answered: Pin<Box<dyn Future<Output = _> + '_>> = Box::pin(answer(event.payload, deadline, handler));
        answered.instrument(span)
    }))
    .await
}

/// Answers one invocation, without Lambda, so that a test can call a worker as Lambda does.
///
/// Fails with `InvalidInput` if the payload does not fit the worker's input, and otherwise with the name of the
/// handler's error and its chain of causes.
pub async fn answer<I, O, E, F, Fut>(payload: Value, deadline: Deadline, handler: F) -> Result<Value, Diagnostic>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Named,
    F: Fn(I, Deadline) -> Fut,
    Fut: Future<Output = Result<O, E>>,
{
    let input = serde_json::from_value(payload)
        .map_err(|error| failed(ErrorName::InvalidInput, &format!("the payload does not fit this worker: {error}")))?;
    let output = handler(input, deadline).await.map_err(|error| failed(error.name(), &chain(&error)))?;
    let output = serde_json::to_value(output)
        .map_err(|error| failed(ErrorName::Internal, &format!("the output cannot be written as JSON: {error}")))?;
    tracing::info!("done");
    Ok(output)
}

fn failed(name: ErrorName, message: &dyn Display) -> Diagnostic {
    let error_message = message.to_string();
    tracing::error!(error = name.as_str(), cause = error_message, "failed");
    Diagnostic { error_type: name.as_str().to_owned(), error_message }
}

/// The run that a payload names. Plan has no run yet, but the execution's name, which becomes the run's id.
fn run_of(payload: &Value) -> &str {
    let field = |name| payload.get(name).and_then(Value::as_str);
    field("run").or_else(|| field("name")).unwrap_or_default()
}

/// Writes log lines as JSON to stdout, which CloudWatch reads. The level is that of `RUST_LOG`, or `info`.
fn trace_to_stdout() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let set =
        tracing_subscriber::fmt().json().with_env_filter(level).with_target(false).with_current_span(false).try_init();
    // It fails only if a subscriber is set already, in a test that serves twice in one process. That one serves too.
    drop(set);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        run: String,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("table {0} does not exist; check its name")]
    struct NoTable(String, #[source] std::io::Error);

    impl Named for NoTable {
        fn name(&self) -> ErrorName {
            ErrorName::TableNotFound
        }
    }

    async fn handle(input: Input, _: Deadline) -> Result<Value, NoTable> {
        if input.run == "bad" {
            return Err(NoTable("t".into(), std::io::Error::other("gone")));
        }
        Ok(json!({ "run": input.run }))
    }

    async fn call(payload: Value) -> Result<Value, Diagnostic> {
        answer(payload, Deadline::at_epoch_millis(0), handle).await
    }

    #[tokio::test]
    async fn output_comes_back_as_json() {
        let output = call(json!({ "run": "r-1" })).await.unwrap();
        assert_eq!(output, json!({ "run": "r-1" }));
    }

    #[tokio::test]
    async fn an_error_is_reported_under_its_name_with_its_sources() {
        let failure = call(json!({ "run": "bad" })).await.unwrap_err();
        assert_eq!(failure.error_type, "TableNotFound");
        let message = "table t does not exist; check its name: gone";
        assert_eq!(failure.error_message, message);
    }

    #[tokio::test]
    async fn a_payload_that_does_not_fit_is_invalid_input() {
        let failure = call(json!({ "run": "r", "rum": 1 })).await.unwrap_err();
        assert_eq!(failure.error_type, "InvalidInput");
        assert!(failure.error_message.contains("rum"), "{}", failure.error_message);
    }

    #[test]
    fn the_run_of_a_payload_without_one_is_the_name_of_the_execution() {
        assert_eq!(run_of(&json!({ "run": "r", "name": "n" })), "r");
        assert_eq!(run_of(&json!({ "name": "n" })), "n");
        assert_eq!(run_of(&json!([])), "");
    }
}
