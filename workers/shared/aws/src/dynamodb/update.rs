//! Writes single items conditionally, with UpdateItem.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnConsumedCapacity, ReturnValuesOnConditionCheckFailure};
use tableshift_core::item::value::Item;
use tableshift_core::write::update::Update;

use crate::dynamodb::items::{from_sdk, to_sdk, value_to_sdk};
use crate::dynamodb::scan::TableItems;
use crate::error::CallError;

/// The outcome of a conditional write.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// The write took effect.
    Done {
        /// The write units that it consumed, including those of indexes.
        units: f64,
    },
    /// The condition failed.
    Conflict {
        /// The item as it is now; `None` if it was deleted.
        item: Option<Item>,
    },
    /// DynamoDB rejects this write, however often it is sent.
    Refused {
        /// DynamoDB's message.
        message: String,
    },
}

/// Writes single items conditionally; the tests replace it.
pub trait UpdateItem {
    /// Sends one update. A failed condition and a rejected write are outcomes, not errors.
    async fn update(&self, key: &Item, update: &Update) -> Result<Written, CallError>;
}

impl UpdateItem for TableItems {
    async fn update(&self, key: &Item, update: &Update) -> Result<Written, CallError> {
        let values = update.values.iter().map(|(name, value)| (name.clone(), value_to_sdk(value)));
        let request = self.writes.update_item().table_name(&self.table).set_key(Some(to_sdk(key)));
        let request = request.update_expression(&update.expression).condition_expression(&update.condition);
        let request = request.set_expression_attribute_names(Some(update.names.clone().into_iter().collect()));
        // DynamoDB refuses an empty map of values.
        let request = request.set_expression_attribute_values((!update.values.is_empty()).then(|| values.collect()));
        let request = request.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let request = request.return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match request.send().await {
            Ok(done) => Ok(Written::Done {
                units: done.consumed_capacity.and_then(|capacity| capacity.capacity_units).unwrap_or_default(),
            }),
            Err(error) => self.not_written(error),
        }
    }
}

impl TableItems {
    fn not_written(
        &self,
        error: SdkError<UpdateItemError, aws_sdk_dynamodb::config::http::HttpResponse>,
    ) -> Result<Written, CallError> {
        if let Some(UpdateItemError::ConditionalCheckFailedException(failed)) = error.as_service_error() {
            return Ok(Written::Conflict { item: failed.item.clone().map(from_sdk) });
        }
        let error = CallError::new("UpdateItem", &self.table, error);
        if error.has_code("ValidationException") || error.has_code("ItemCollectionSizeLimitExceededException") {
            return Ok(Written::Refused { message: error.source.to_string() });
        }
        Err(error)
    }
}
