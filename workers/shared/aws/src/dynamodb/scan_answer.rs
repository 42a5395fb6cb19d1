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
use tableshift_core::write::wire::ScanAnswer;

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
        let Some(answer) = body.and_then(|body| ScanAnswer::decode(body).ok()) else {
            let sdk = self.sdk.load::<SharedResponseDeserializer>();
            let sdk = sdk.ok_or_else(|| OrchestratorError::other("the SDK's Scan has no deserializer"))?;
            return sdk.deserialize_nonstreaming_with_config(response, config);
        };
        *self.answer.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
        Ok(Output::erase(ScanOutput::builder().build()))
    }
}
