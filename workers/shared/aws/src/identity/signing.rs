//! Signs a statement with the caller's credentials.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_sdk_sts::config::{Credentials, ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningError as NotSigned, SigningSettings, sign,
};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::identity::Identity;
use tableshift_core::approval::signature::{ASKED, MAX_AGE_SECONDS, Statement};

use crate::identity::sts::{NoEndpoint, StsEndpoint};

/// Why a statement cannot be signed.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// There are no credentials.
    #[error("there are no AWS credentials to sign with; log in with the AWS CLI, or set the environment variables")]
    NoCredentials(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It is not known where STS is.
    #[error("the STS endpoint to sign for is unknown")]
    NoEndpoint(#[source] NoEndpoint),
    /// The signing failed.
    #[error("the statement could not be signed")]
    NotSigned(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Signs statements with one identity's credentials.
#[derive(Debug, Clone)]
pub struct Signer {
    credentials: SharedCredentialsProvider,
    endpoint: StsEndpoint,
}

impl Signer {
    /// A signer with the credentials of this configuration, for the STS of its Region.
    pub async fn of(config: &SdkConfig) -> Result<Self, SigningError> {
        let endpoint = StsEndpoint::of(config).await.map_err(SigningError::NoEndpoint)?;
        let credentials = config.credentials_provider();
        let credentials = credentials.ok_or_else(|| SigningError::NoCredentials("no provider is set".into()))?;
        Ok(Self { credentials, endpoint })
    }

    /// The statement, signed: a presigned GetCallerIdentity request. It is not sent.
    pub async fn sign(&self, statement: &Statement, at: SystemTime) -> Result<String, SigningError> {
        let credentials = self.credentials.provide_credentials().await;
        let credentials = credentials.map_err(|error| SigningError::NoCredentials(error.into()))?;
        presigned(&self.endpoint, credentials, statement, at).map_err(SigningError::NotSigned)
    }
}

fn presigned(
    endpoint: &StsEndpoint,
    credentials: Credentials,
    statement: &Statement,
    at: SystemTime,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(Duration::from_secs(MAX_AGE_SECONDS.unsigned_abs()));
    let identity = Identity::from(credentials);
    let parameters = SigningParams::builder()
        .identity(&identity)
        .region(&endpoint.region)
        .name("sts")
        .time(at)
        .settings(settings)
        .build()?;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(ASKED);
    let unsigned = format!("{}/?{}", endpoint.url, query.finish());
    let headers = statement.headers().map(|(name, value)| -> (&str, &str) { (name, value) });
    let request = SignableRequest::new("GET", &unsigned, headers, SignableBody::Bytes(&[]))?;
    let signed: Result<_, NotSigned> = sign(request, &parameters.into());
    let (_, parameters) = signed?.into_parts().0.into_parts();
    let mut query = form_urlencoded::Serializer::new(unsigned);
    for (name, value) in parameters {
        query.append_pair(name, &value);
    }
    Ok(query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::approval::signature::{AnswerTo, Signature};

    /// 2026-11-22T10:00:00Z.
    const NOW: u64 = 1_795_341_600;

    /// The signatures that botocore, an independent signer, makes for the same request at the same time: without a session
    /// token, and with one.
    const THEIRS: [&str; 2] = [
        "003e481a25c8f0e38c89c5939629e7d2e3df53c709aa7478dfae2f993650f111",
        "c5c43628658794467c6916cea49ffcda20d9db3975ee0f333a24863fa19769ed",
    ];

    #[test]
    fn what_is_signed_here_is_what_another_signer_signs_and_what_the_core_reads() {
        let url = "https://sts.eu-central-1.amazonaws.com".into();
        let endpoint = StsEndpoint { region: "eu-central-1".into(), url };
        let to = AnswerTo { run: "r-1", plan_hash: "p", report_hash: "r", secret: "s" };
        let statement = Statement::answer(to, true, "");
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW);
        for (token, theirs) in [None, Some("to/ken+with=all".to_owned())].into_iter().zip(THEIRS) {
            let credentials = Credentials::new("AKIDEXAMPLE", "secret", token, None, "test");
            let url = presigned(&endpoint, credentials, &statement, at).unwrap();
            assert!(url.contains(&format!("X-Amz-Signature={theirs}")), "{url}");
            Signature::read(&url, &statement, endpoint.host(), NOW as i64).unwrap();
            assert!(!url.contains("secret"), "{url}");
        }
    }
}
