//! Scan's answers decoded straight into the core's items.
//!
//! The SDK decodes an answer into its own values, which would be taken apart and put together again for every item read.
//! The body of an answer is DynamoDB JSON, which the core reads as it is. So the operation gets a deserializer of its
//! own; whatever it cannot read (an error, a type that the core does not know) it leaves to the SDK's.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_dynamodb::operation::scan::{Scan, ScanOutput};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextMut, Output, OutputOrError,
};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::runtime_plugin::RuntimePlugin as _;
use aws_smithy_runtime_api::client::ser_de::{DeserializeResponse, SharedResponseDeserializer};
use aws_smithy_types::config_bag::{ConfigBag, FrozenLayer};
use serde::Deserialize;
use tableshift_core::value::Item;

/// What an answer of Scan holds, as far as it is used here. Field names are the API's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct ScanAnswer {
    pub(crate) items: Vec<Item>,
    pub(crate) scanned_count: u64,
    pub(crate) last_evaluated_key: Option<Item>,
    consumed_capacity: Capacity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Capacity {
    capacity_units: f64,
}

impl ScanAnswer {
    /// Read units consumed.
    pub(crate) fn units(&self) -> f64 {
        self.consumed_capacity.capacity_units
    }
}

/// Takes the answer of one request.
#[derive(Debug, Clone, Default)]
pub(crate) struct TakeAnswer(Arc<Mutex<Option<ScanAnswer>>>);

impl TakeAnswer {
    /// The answer, unless it was left to the SDK.
    pub(crate) fn taken(&self) -> Option<ScanAnswer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[dyn_dispatch_hint]
impl Intercept for TakeAnswer {
    fn name(&self) -> &'static str {
        "TakeAnswer"
    }

    fn modify_before_deserialization(
        &self,
        _context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sdk = Scan::new().config().ok_or("the SDK's Scan has no configuration")?;
        let decoder = Decoder { sdk, answer: self.clone() };
        config.interceptor_state().store_put(SharedResponseDeserializer::new(decoder));
        Ok(())
    }
}

/// Decodes what it can; the SDK decodes the rest.
#[derive(Debug)]
struct Decoder {
    /// The operation's own configuration, which holds the SDK's deserializer.
    sdk: FrozenLayer,
    answer: TakeAnswer,
}

impl DeserializeResponse for Decoder {
    fn deserialize_nonstreaming_with_config(&self, response: &HttpResponse, config: &ConfigBag) -> OutputOrError {
        let body = response.body().bytes().filter(|_| response.status().as_u16() == 200);
        let Some(answer) = body.and_then(|body| serde_json::from_slice(body).ok()) else {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let sdk = sdk.ok_or_else(|| OrchestratorError::other("the SDK's Scan has no deserializer"))?;
            return sdk.deserialize_nonstreaming_with_config(response, config);
        };
        *self.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(Output::erase(ScanOutput::builder().build()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_scan_is_read_and_what_it_lacks_is_nothing() {
        let text = r#"{"Count":1,"ScannedCount":3,"Items":[{"pk":{"S":"a"},"n":{"N":"12345678901234567890123456789012345678"}}],
            "LastEvaluatedKey":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#;
        let answer: ScanAnswer = serde_json::from_str(text).unwrap();
        assert_eq!((answer.items.len(), answer.scanned_count, answer.units()), (1, 3, 0.5));
        assert_eq!(answer.last_evaluated_key.unwrap()["pk"].type_name(), "S");
        let empty: ScanAnswer = serde_json::from_str(r#"{"Count":0}"#).unwrap();
        assert!(empty.items.is_empty() && empty.last_evaluated_key.is_none());
    }

    #[test]
    fn a_type_that_the_core_does_not_know_is_left_to_the_sdk() {
        let text = r#"{"ScannedCount":1,"Items":[{"pk":{"VECTOR":[1]}}]}"#;
        assert!(serde_json::from_str::<ScanAnswer>(text).is_err());
    }
}
