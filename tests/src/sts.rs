//! An STS in this process that knows some people and checks their signatures as AWS does. The real SDK client calls it.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign};
use aws_sigv4::sign::v4::SigningParams;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::identity::Identity as Signing;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use tableshift_aws::identity::signatures::Sts;
use tableshift_aws::identity::signing::Signer;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::signature::Statement;

/// The account of every person.
pub const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-central-1";

/// An STS and the people that it knows.
#[derive(Clone, Default)]
pub struct TestSts {
    people: Arc<Vec<Person>>,
    requested_hosts: Arc<Mutex<Vec<String>>>,
}

/// A person with credentials.
#[derive(Debug, Clone)]
pub struct Person {
    key: String,
    secret: String,
    /// The identity that STS returns for this person.
    pub identity: Identity,
}

impl fmt::Debug for TestSts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an STS that knows {} people", self.people.len())
    }
}

impl Person {
    /// An IAM user of [`ACCOUNT`].
    pub fn user(name: &str) -> Self {
        Self::of(name, format!("arn:aws:iam::{ACCOUNT}:user/{name}"), format!("AIDA{name}"))
    }

    /// A session of a role of [`ACCOUNT`].
    pub fn session(role: &str, name: &str) -> Self {
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}");
        Self::of(&format!("{role}{name}"), arn, format!("AROA{role}:{name}"))
    }

    fn of(key: &str, arn: String, user_id: String) -> Self {
        let identity = Identity { arn, user_id, account: ACCOUNT.into() };
        Self { key: format!("AKIA{key}"), secret: format!("secret of {key}"), identity }
    }

    /// Signs the statement as this person at this time, in epoch milliseconds.
    pub async fn sign(&self, statement: &Statement, at: i64) -> String {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(at.unsigned_abs());
        self.signer().await.sign(statement, at).await.expect("a signature")
    }

    /// A signer with this person's credentials.
    pub async fn signer(&self) -> Signer {
        let credentials = Credentials::new(&self.key, &self.secret, None, None, "tests");
        Signer::of(&config(credentials)).await.expect("a Region and credentials")
    }
}

fn config(credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build()
}

impl TestSts {
    /// An STS that knows these people.
    pub fn new(people: &[&Person]) -> Self {
        Self {
            people: Arc::new(people.iter().map(|person| (*person).clone()).collect()),
            requested_hosts: Arc::default(),
        }
    }

    /// The worker's client of this STS.
    pub async fn sts(&self) -> Sts {
        let credentials = Credentials::new("AKIAworker", "the worker's own", None, None, "tests");
        Sts::of(&config(credentials).into_builder().http_client(self.clone()).build()).await.expect("a Region")
    }

    /// The hosts that received requests so far.
    pub fn requested_hosts(&self) -> Vec<String> {
        self.requested_hosts.lock().expect("no test panicked while it held the lock").clone()
    }

    fn answer(&self, request: &HttpRequest) -> (u16, String) {
        let (host, query) = request.uri().split_once("/?").unwrap_or((request.uri(), ""));
        self.requested_hosts.lock().expect("no test panicked while it held the lock").push(host.to_owned());
        match self.signer(request, host, query) {
            Some(Identity { arn, user_id, account }) => (
                200,
                format!(
                    "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                     <GetCallerIdentityResult><Arn>{arn}</Arn><UserId>{user_id}</UserId><Account>{account}</Account>\
                     </GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            ),
            None => (
                403,
                "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
                 <Code>SignatureDoesNotMatch</Code><Message>The request signature we calculated does not match</Message>\
                 </Error></ErrorResponse>"
                    .to_owned(),
            ),
        }
    }

    /// The person whose secret gives this signature for the request, if there is one.
    fn signer(&self, request: &HttpRequest, host: &str, query: &str) -> Option<Identity> {
        let parameters: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let get = |name: &str| Some(parameters.iter().find(|(found, _)| found == name)?.1.as_str());
        let key = get("X-Amz-Credential")?.split('/').next()?;
        let person = self.people.iter().find(|person| person.key == key)?;
        let signed = get("X-Amz-SignedHeaders")?.split(';').filter(|name| *name != "host");
        let headers: Option<Vec<_>> = signed.map(|name| Some((name, request.headers().get(name)?))).collect();
        let own = parameters.iter().filter(|(name, _)| !name.starts_with("X-Amz-"));
        let unsigned = form_urlencoded::Serializer::new(String::new()).extend_pairs(own).finish();
        let unsigned = format!("{host}/?{unsigned}");
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(Duration::from_secs(get("X-Amz-Expires")?.parse().ok()?));
        let identity = Signing::from(Credentials::new(key, &person.secret, None, None, "tests"));
        let time = aws_smithy_types::DateTime::from_str(&extended(get("X-Amz-Date")?), DATE).ok()?;
        let params = SigningParams::builder().identity(&identity).region(REGION).name("sts").settings(settings);
        let params = params.time(SystemTime::try_from(time).ok()?).build().ok()?;
        let request = SignableRequest::new(request.method(), &unsigned, headers?.into_iter(), SignableBody::Bytes(&[]));
        let expected = sign(request.ok()?, &params.into()).ok()?.into_parts().1;
        (get("X-Amz-Signature")? == expected).then(|| person.identity.clone())
    }
}

const DATE: aws_smithy_types::date_time::Format = aws_smithy_types::date_time::Format::DateTime;

/// `20261122T100000Z` as `2026-11-22T10:00:00Z`.
fn extended(date: &str) -> String {
    let part = |from: usize, to: usize| date.get(from..to).unwrap_or_default();
    format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(9, 11), part(11, 13), part(13, 15))
}

impl HttpClient for TestSts {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for TestSts {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (status, body) = self.answer(&request);
        let status = status.try_into().expect("a status");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status, SdkBody::from(body))))
    }
}
