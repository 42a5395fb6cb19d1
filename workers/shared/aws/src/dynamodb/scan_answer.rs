//! Decodes the answers of Scan directly into the core's items.
//!
//! The SDK would decode into its own types, and each item would have to be converted. The body of an answer is DynamoDB JSON,
//! which the core can read. So the operation gets another deserializer. It leaves what it cannot read to the SDK's: errors,
//! and answers with a type that the core does not know.

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
use tableshift_core::write::wire::ScanAnswer;

/// Replaces the deserializer of one request, and holds the decoded answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct TakeAnswer(Arc<Mutex<Option<ScanAnswer>>>);

impl TakeAnswer {
    /// The answer; `None` if the SDK decoded it.
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

/// Decodes answers of Scan, or passes them on to the SDK's deserializer.
#[derive(Debug)]
struct Decoder {
    /// The configuration of the operation, with the SDK's deserializer.
    sdk: FrozenLayer,
    answer: TakeAnswer,
}

impl DeserializeResponse for Decoder {
    fn deserialize_nonstreaming_with_config(&self, response: &HttpResponse, config: &ConfigBag) -> OutputOrError {
        let body = response.body().bytes().filter(|_| response.status().as_u16() == 200);
        let Some(answer) = body.and_then(|body| ScanAnswer::decode(body).ok()) else {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let sdk = sdk.ok_or_else(|| OrchestratorError::other("the SDK's Scan has no deserializer"))?;
            return sdk.deserialize_nonstreaming_with_config(response, config);
        };
        *self.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(Output::erase(ScanOutput::builder().build()))
    }
}
