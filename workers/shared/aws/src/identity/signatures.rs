//! Asks STS who made a signature.

use aws_config::SdkConfig;
use aws_sdk_sts::config::http::HttpRequest;
use aws_sdk_sts::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_sts::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sts::error::BoxError;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::signature::{Signature, Statement};

use crate::error::CallError;
use crate::identity::sts::{NoEndpoint, StsEndpoint};

/// Finds out who made a signature; the tests replace it.
pub trait VerifySignature {
    /// The host that signatures must be made for.
    fn host(&self) -> &str;
    /// The identity that signed exactly this statement. If no identity did, the error's cause is `AccessDenied` or
    /// `Refused`.
    async fn signer(&self, signature: &Signature, statement: &Statement) -> Result<Identity, CallError>;
}

/// The account's STS.
#[derive(Debug, Clone)]
pub struct Sts {
    client: aws_sdk_sts::Client,
    endpoint: StsEndpoint,
}

impl Sts {
    /// The STS endpoint of this configuration.
    pub async fn of(config: &SdkConfig) -> Result<Self, NoEndpoint> {
        let endpoint = StsEndpoint::of(config).await?;
        // Requests must go to the endpoint whose host the signatures are compared with.
        let own = aws_sdk_sts::config::Builder::from(config).endpoint_url(&endpoint.url).build();
        Ok(Self { client: aws_sdk_sts::Client::from_conf(own), endpoint })
    }

    /// The identity that the configured credentials belong to.
    pub async fn caller(&self) -> Result<Identity, CallError> {
        let answered = self.client.get_caller_identity().send().await;
        identity(answered.map_err(|error| CallError::new("GetCallerIdentity", self.host(), error))?)
    }
}

impl VerifySignature for Sts {
    fn host(&self) -> &str {
        self.endpoint.host()
    }

    async fn signer(&self, signature: &Signature, statement: &Statement) -> Result<Identity, CallError> {
        let headers = statement.headers().map(|(name, value)| (name, value.to_owned()));
        let theirs = Theirs { query: signature.query().to_owned(), headers: headers.collect() };
        let request = self.client.get_caller_identity().customize().interceptor(theirs);
        let answered = request.send().await;
        identity(answered.map_err(|error| CallError::new("GetCallerIdentity", self.host(), error))?)
    }
}

fn identity(
    answer: aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityOutput,
) -> Result<Identity, CallError> {
    match (answer.arn, answer.user_id, answer.account) {
        (Some(arn), Some(user_id), Some(account)) => Ok(Identity { arn, user_id, account }),
        _ => Err(CallError::incomplete("GetCallerIdentity", "the caller", "identity")),
    }
}

/// Replaces our own request with the signed one right before it is sent. The SDK's endpoint, retries and time limits still
/// apply, but the request carries the other identity's signature.
struct Theirs {
    query: String,
    headers: Vec<(&'static str, String)>,
}

/// Without the query, which may hold a session's token, and without the values, one of which is a secret.
impl std::fmt::Debug for Theirs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Theirs").finish_non_exhaustive()
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Theirs {
    fn name(&self) -> &'static str {
        "their signature"
    }

    fn modify_before_transmit(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let ours = context.request_mut();
        let endpoint = ours.uri().split('?').next().unwrap_or_default().trim_end_matches('/').to_owned();
        let mut theirs = HttpRequest::get(format!("{endpoint}/?{}", self.query))?;
        for (name, value) in &self.headers {
            theirs.headers_mut().try_insert(*name, value.clone())?;
        }
        *ours = theirs;
        Ok(())
    }
}
