//! The simulated network between the SDK clients and the engines: in process, in simulated time, with injected faults.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use bytes::Bytes;
use http_body::Frame;
use serde_json::Value as Json;
use tableshift_aws::clients::{retries, timeouts};
use tableshift_aws::{Clients, Settings};
use tokio::time::sleep;

use crate::campaign::engines::history::Actor;
use crate::campaign::engines::s3::S3Request;
use crate::campaign::faults::requests::{Delivery, Fault, RequestKind, TransportError};
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::world::state::{SharedWorld, lock};
use crate::engines::{BUCKET, LEDGER};
use crate::run::PEOPLE;
use crate::s3::{ACCESS_KEY, SECRET_KEY};

/// One client's connection to the engines.
#[derive(Clone)]
pub struct Network {
    world: SharedWorld,
    actor: Actor,
    with_faults: bool,
    /// How long the client waits for a response.
    read_timeout: Duration,
}

/// A request to one of the engines.
#[derive(Debug, Clone)]
enum EngineRequest {
    DynamoDb { operation: String, body: Json },
    S3(S3Request),
}

/// The endpoint that the clients are configured with. Nothing listens there.
const ENDPOINT: &str = "http://engine";

/// How long a client waits for a response, unless it is configured otherwise: as [`timeouts`] has it.
pub const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// A status and a body.
type Response = (u16, Vec<u8>);

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the network of {}", self.actor)
    }
}

impl Network {
    /// A connection whose requests meet the world's faults, or none.
    pub fn new(world: SharedWorld, actor: Actor, with_faults: bool) -> Self {
        Self { world, actor, with_faults, read_timeout: READ_TIMEOUT }
    }

    /// The clients of a deployed function over this connection. `region` must be unique to the simulation: the SDK shares
    /// its retry quota among all clients of a Region, and one seed's faults must not use up another seed's quota.
    pub fn clients(self, region: String) -> Clients {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(ENDPOINT)
            .retry_config(retries().with_use_static_exponential_base(true))
            .timeout_config(timeouts())
            .http_client(self)
            .build();
        let settings = Settings { stage: "dev".into(), bucket: BUCKET.into(), ledger: LEDGER.into(), topic: None };
        Clients::new(config, settings)
    }

    /// Delivers a request and its response, with the fault that is drawn for it.
    async fn exchange(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = EngineRequest::read(request).await;
        if self.delays_journal_put(&request) {
            return Ok(response((200, Vec::new())));
        }
        let delivery = {
            let mut world = lock(&self.world);
            match self.with_faults {
                true => world.draw_delivery(request.kind(), &self.actor, &request.summary()),
                false => Delivery::WITHOUT_FAULT,
            }
        };
        let latency = Duration::from_millis(delivery.request_ms);
        let answer = match &delivery.fault {
            Fault::ErrorBeforeEffect(status, body) => {
                sleep(latency).await;
                (*status, body.clone())
            }
            Fault::RequestLost(error) => {
                sleep(latency).await;
                return Err(self.transport_error(*error).await);
            }
            Fault::EffectAfterTimeout(millis) => {
                self.send_detached(request, self.read_timeout + Duration::from_millis(*millis), false);
                return Err(self.transport_error(TransportError::Timeout).await);
            }
            fault => self.deliver(request, latency, delivery.detached, *fault == Fault::InStatements).await,
        };
        sleep(Duration::from_millis(delivery.response_ms)).await;
        match delivery.fault {
            Fault::ResponseLost(error) => Err(self.transport_error(error).await),
            Fault::ErrorAfterEffect(status, body) => Ok(response((status, body))),
            Fault::ResponseTruncated => Ok(truncated(answer)),
            _ => Ok(response(answer)),
        }
    }

    async fn deliver(
        &self,
        request: EngineRequest,
        latency: Duration,
        detached: bool,
        statement_faults: bool,
    ) -> Response {
        if detached {
            return self.send_detached(request, latency, statement_faults).await.expect("a detached request arrives");
        }
        sleep(latency).await;
        request.perform(&self.world, &self.actor, statement_faults)
    }

    /// Sends a request that arrives even if its client is gone.
    fn send_detached(
        &self,
        request: EngineRequest,
        latency: Duration,
        statement_faults: bool,
    ) -> tokio::task::JoinHandle<Response> {
        let (world, actor) = (self.world.clone(), self.actor.clone());
        lock(&world).add_in_flight();
        tokio::spawn(async move {
            sleep(latency).await;
            let answer = request.perform(&world, &actor, statement_faults);
            lock(&world).remove_in_flight();
            answer
        })
    }

    /// What the client sees instead of a response, after a timeout if it is one.
    async fn transport_error(&self, error: TransportError) -> ConnectorError {
        match error {
            TransportError::ConnectionReset => {
                ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into())
            }
            TransportError::Timeout => {
                sleep(self.read_timeout).await;
                ConnectorError::timeout(io::Error::from(io::ErrorKind::TimedOut).into())
            }
        }
    }

    /// Whether a journal object is acknowledged before it is put, because that guarantee is broken on purpose.
    fn delays_journal_put(&self, request: &EngineRequest) -> bool {
        let EngineRequest::S3(S3Request::Put(key, _)) = request else { return false };
        let mut world = lock(&self.world);
        if !key.contains("/journal/") || world.sabotaged(Sabotage::Journal, &self.actor).is_none() {
            return false;
        }
        world.add_in_flight();
        let (world, actor, request) = (self.world.clone(), self.actor.clone(), request.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(100)).await;
            let killed = lock(&world).is_killed(&actor);
            if !killed {
                request.perform(&world, &actor, false);
            }
            lock(&world).remove_in_flight();
        });
        true
    }
}

impl HttpClient for Network {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let read_timeout = settings.read_timeout().unwrap_or(self.read_timeout);
        SharedHttpConnector::new(Self { read_timeout, ..self.clone() })
    }
}

impl HttpConnector for Network {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().exchange(request))
    }
}

impl EngineRequest {
    async fn read(request: HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
        let operation = target.map(|(_, operation)| operation.to_owned());
        let (method, uri) = (request.method().to_owned(), request.uri().trim_start_matches(ENDPOINT).to_owned());
        let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
        let body = ByteStream::new(request.into_body()).collect().await.expect("a body in memory").to_vec();
        match operation {
            Some(operation) => {
                Self::DynamoDb { operation, body: serde_json::from_slice(&body).expect("a request in JSON") }
            }
            None => Self::S3(S3Request::read(&method, path, query, &body)),
        }
    }

    fn kind(&self) -> RequestKind {
        match self {
            Self::S3(S3Request::Put(..)) => RequestKind::Put,
            Self::S3(_) => RequestKind::Get,
            Self::DynamoDb { operation, .. } if operation == "BatchExecuteStatement" => RequestKind::Statements,
            Self::DynamoDb { operation, body } => match (body["TableName"] == PEOPLE, operation.as_str()) {
                (true, "Scan" | "GetItem") => RequestKind::Read,
                (true, _) => RequestKind::Write,
                (false, _) => RequestKind::Ledger,
            },
        }
    }

    /// The operation and the key, for the trace.
    fn summary(&self) -> String {
        match self {
            Self::S3(request) => format!("{} {}", request.operation(), request.key()),
            Self::DynamoDb { operation, body } => {
                let named = body.get("Key").or(body.get("Item")).unwrap_or(&Json::Null);
                let part = |name: &str| named[name]["S"].as_str().unwrap_or_default().to_owned();
                format!("{operation} {} {}", part("pk"), part("sk"))
            }
        }
    }

    fn perform(self, world: &SharedWorld, actor: &Actor, statement_faults: bool) -> Response {
        let mut world = lock(world);
        world.trace(|| format!("{actor} {}", self.summary()));
        match self {
            Self::S3(request) => world.s3(actor, &request),
            Self::DynamoDb { operation, body } => match world.dynamodb(actor, &operation, body, statement_faults) {
                Ok(answer) => (200, answer.into_bytes()),
                Err((status, error)) => (status, error.into_bytes()),
            },
        }
    }
}

fn response((status, body): Response) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::from(body))
}

/// A response whose body ends in a connection reset half-way.
fn truncated((status, mut body): Response) -> HttpResponse {
    body.truncate(body.len() / 2);
    let body = SdkBody::from_body_1_x(TruncatedBody(Some(body.into())));
    HttpResponse::new(StatusCode::try_from(status).expect("a status"), body)
}

struct TruncatedBody(Option<Bytes>);

impl http_body::Body for TruncatedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::ErrorKind::ConnectionReset.into()),
        }))
    }
}
