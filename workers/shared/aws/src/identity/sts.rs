//! The STS endpoint. Signer and verifier use the same function to find it, because a signature is valid for one host only.

use aws_config::SdkConfig;
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_types::service_config::ServiceConfigKey;

/// Why the STS endpoint is not known.
#[derive(Debug, thiserror::Error)]
pub enum NoEndpoint {
    /// No Region is configured.
    #[error("no Region is set; set AWS_REGION or the profile's region")]
    NoRegion,
    /// The SDK knows no STS endpoint for the Region.
    #[error("the Region {region} has no STS endpoint")]
    Unknown {
        /// The Region.
        region: String,
        /// The error of the SDK.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The STS endpoint that the SDK uses with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StsEndpoint {
    /// The Region that requests are signed for.
    pub region: String,
    /// The URL without a path.
    pub url: String,
}

impl StsEndpoint {
    /// The endpoint of the Region, unless the configuration names another one.
    pub async fn of(config: &SdkConfig) -> Result<Self, NoEndpoint> {
        let region = config.region().ok_or(NoEndpoint::NoRegion)?.to_string();
        if let Some(url) = named(config) {
            return Ok(Self { region, url: url.trim_end_matches('/').to_owned() });
        }
        let unknown = |source| NoEndpoint::Unknown { region: region.clone(), source };
        let parameters = Params::builder()
            .region(&region)
            .use_fips(config.use_fips().unwrap_or_default())
            .use_dual_stack(config.use_dual_stack().unwrap_or_default())
            .build()
            .map_err(|error| unknown(error.into()))?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&parameters).await.map_err(unknown)?;
        Ok(Self { url: endpoint.url().trim_end_matches('/').to_owned(), region })
    }

    /// The host as in the Host header of a request, with the port if the URL has one.
    pub fn host(&self) -> &str {
        let rest = self.url.split_once("://").map_or(self.url.as_str(), |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }
}

/// The endpoint that the environment or the profile sets. Like the SDK, `AWS_ENDPOINT_URL_STS` comes before
/// `AWS_ENDPOINT_URL`.
fn named(config: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("STS").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    let own = config.service_config().zip(key.ok()).and_then(|(known, key)| known.load_config(key));
    own.or_else(|| config.endpoint_url().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::{BehaviorVersion, Region};

    fn config(region: &'static str) -> SdkConfig {
        SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::new(region)).build()
    }

    #[tokio::test]
    async fn each_region_has_its_own_endpoint() {
        for (region, host) in [
            ("eu-central-1", "sts.eu-central-1.amazonaws.com"),
            ("us-east-1", "sts.us-east-1.amazonaws.com"),
            ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(StsEndpoint::of(&config(region)).await.unwrap().host(), host);
        }
    }

    #[tokio::test]
    async fn a_configured_endpoint_is_used_with_its_port() {
        let named = config("us-east-1").into_builder().endpoint_url("http://127.0.0.1:4566/").build();
        let endpoint = StsEndpoint::of(&named).await.unwrap();
        assert_eq!((endpoint.url.as_str(), endpoint.host()), ("http://127.0.0.1:4566", "127.0.0.1:4566"));
    }

    #[tokio::test]
    async fn the_error_names_the_missing_region() {
        let nowhere = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
        let error = StsEndpoint::of(&nowhere).await.unwrap_err();
        assert!(error.to_string().contains("AWS_REGION"), "{error}");
    }
}
