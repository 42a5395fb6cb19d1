//! Conditional writes of up to 25 items in one request, with BatchExecuteStatement.
//!
//! The request is not atomic. Each statement has its own outcome, and the HTTP status is 200 even if all of them fail.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::batch_execute_statement::BatchExecuteStatementError;
use aws_sdk_dynamodb::types::{BatchStatementError, BatchStatementErrorCodeEnum, BatchStatementResponse};
use tableshift_core::control::contention::Contention;
use tableshift_core::write::statement::Statement;

use crate::dynamodb::batch_body::PutBody;
use crate::dynamodb::items::from_sdk;
use crate::dynamodb::scan::TableItems;
use crate::dynamodb::update::Written;
use crate::error::{CallError, Cause};

/// The outcome of a request with several statements.
#[derive(Debug)]
pub struct BatchWritten {
    /// The write units that all statements consumed together.
    pub units: f64,
    /// The outcome of each statement, in order. DynamoDB does not say the units of each, so `Done` has 0.
    pub statements: Vec<StatementWritten>,
}

/// The outcome of one statement.
#[derive(Debug, Clone, PartialEq)]
pub enum StatementWritten {
    /// The same outcomes as those of UpdateItem.
    Written(Written),
    /// The statement was throttled and did not take effect.
    Throttled,
    /// Someone else was writing the item, so the statement did not take effect.
    Contended(Contention),
    /// DynamoDB had an internal error. The write may have taken effect.
    Failed,
}

/// Writes items conditionally, several in one request; the tests replace it.
pub trait UpdateBatch {
    /// Sends at most 25 statements, each for a different item. An error if the request as a whole failed, or if a statement
    /// was denied or found no table.
    async fn update_batch(&self, statements: &[Statement<'_>]) -> Result<BatchWritten, CallError>;
}

impl UpdateBatch for TableItems {
    async fn update_batch(&self, statements: &[Statement<'_>]) -> Result<BatchWritten, CallError> {
        let count = statements.len();
        let body = PutBody::of(statements);
        let body = body.map_err(|error| CallError::refused("BatchExecuteStatement", &self.table, error))?;
        let sent = self.writes.batch_execute_statement().customize().interceptor(body).send().await;
        let answer = sent.map_err(|error: SdkError<BatchExecuteStatementError, _>| self.batch_error(error))?;
        let consumed = answer.consumed_capacity.unwrap_or_default();
        let responses = answer.responses.unwrap_or_default();
        if responses.len() != count {
            return Err(CallError::incomplete("BatchExecuteStatement", &self.table, "outcome for each statement"));
        }
        let statements = responses.into_iter().map(|response| self.outcome(response)).collect::<Result<_, _>>()?;
        Ok(BatchWritten { units: consumed.iter().filter_map(|capacity| capacity.capacity_units).sum(), statements })
    }
}

impl TableItems {
    fn outcome(&self, response: BatchStatementResponse) -> Result<StatementWritten, CallError> {
        match response.error {
            None => Ok(StatementWritten::Written(Written::Done { units: 0.0 })),
            Some(error) => self.failure(error),
        }
    }

    fn failure(&self, error: BatchStatementError) -> Result<StatementWritten, CallError> {
        use BatchStatementErrorCodeEnum as Code;
        Ok(match error.code.as_ref() {
            Some(Code::ConditionalCheckFailed) => {
                StatementWritten::Written(Written::Conflict { item: error.item.map(from_sdk) })
            }
            Some(Code::ValidationError | Code::ItemCollectionSizeLimitExceeded | Code::DuplicateItem) => {
                StatementWritten::Written(Written::Refused { message: error.message.unwrap_or_default() })
            }
            Some(Code::ProvisionedThroughputExceeded | Code::ThrottlingError | Code::RequestLimitExceeded) => {
                StatementWritten::Throttled
            }
            Some(Code::TransactionConflict) => StatementWritten::Contended(Contention::Transaction),
            Some(Code::AccessDenied) => return Err(self.denied(Cause::AccessDenied, error)),
            Some(Code::ResourceNotFound) => return Err(self.denied(Cause::NotFound, error)),
            _ => StatementWritten::Failed,
        })
    }

    fn denied(&self, cause: Cause, error: BatchStatementError) -> CallError {
        let message = error.message.unwrap_or_default();
        CallError { cause, ..CallError::refused("BatchExecuteStatement", &self.table, message) }
    }

    fn batch_error(
        &self,
        error: SdkError<BatchExecuteStatementError, aws_sdk_dynamodb::config::http::HttpResponse>,
    ) -> CallError {
        CallError::new("BatchExecuteStatement", &self.table, error)
    }
}
