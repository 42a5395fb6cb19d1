//! Step Functions: executions of the state machine, and answers to tasks that wait.

pub mod answers;
pub mod executions;
