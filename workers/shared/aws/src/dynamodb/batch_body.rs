//! Writes the body of BatchExecuteStatement directly from the core's statements.
//!
//! The SDK needs each parameter as its own type, which is a copy of each value. The core's values serialise as DynamoDB JSON,
//! which is what the body contains. The SDK builds the rest of the request.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{BeforeSerializationInterceptorContextMut, Input};
use aws_smithy_runtime_api::client::interceptors::{Intercept, dyn_dispatch_hint};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::ser_de::{SerializeRequest, SharedRequestSerializer};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use tableshift_core::write::statement::Statement;
use tableshift_core::write::wire;

/// Replaces the body that the SDK would write.
#[derive(Debug)]
pub(crate) struct PutBody {
    body: SdkBody,
    length: usize,
}

impl PutBody {
    /// The body for these statements. It asks for the consumed capacity and, for each condition that fails, for the item.
    pub(crate) fn of(statements: &[Statement<'_>]) -> Result<Self, serde_json::Error> {
        let body = wire::batch(statements)?;
        Ok(Self { length: body.len(), body: SdkBody::from(body) })
    }
}

#[dyn_dispatch_hint]
impl Intercept for PutBody {
    fn name(&self) -> &'static str {
        "PutBody"
    }

    fn modify_before_serialization(
        &self,
        _context: &mut BeforeSerializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sdk = config.load::<SharedRequestSerializer>().ok_or("the operation has no serializer")?.clone();
        let body = self.body.try_clone().ok_or("the body cannot be sent again")?;
        let serializer = Serializer { sdk, body, length: self.length };
        config.interceptor_state().store_put(SharedRequestSerializer::new(serializer));
        Ok(())
    }
}

/// Serialises with the SDK, then replaces the body.
#[derive(Debug)]
struct Serializer {
    sdk: SharedRequestSerializer,
    body: SdkBody,
    length: usize,
}

impl SerializeRequest for Serializer {
    fn serialize_input(&self, input: Input, config: &mut ConfigBag) -> Result<HttpRequest, BoxError> {
        let mut request = self.sdk.serialize_input(input, config)?;
        request.headers_mut().insert("content-length", self.length.to_string());
        *request.body_mut() = self.body.try_clone().ok_or("the body cannot be sent again")?;
        Ok(request)
    }
}
