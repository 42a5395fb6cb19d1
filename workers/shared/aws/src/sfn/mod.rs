//! Calls to Step Functions: whether an execution still runs, and answers to tasks that wait.

pub mod answers;
pub mod executions;
