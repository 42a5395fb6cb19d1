//! The wire between the SDK clients and the engines: in process, in simulated time, and as unreliable as it is told.

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

use crate::campaign::engines::history::By;
use crate::campaign::engines::s3::Ask;
use crate::campaign::faults::requests::{Failure, Fault, Kind};
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::world::effects::{Shared, lock};
use crate::{BUCKET, LEDGER, PEOPLE};

/// One client's wire.
#[derive(Clone)]
pub struct Wire {
    world: Shared,
    by: By,
    rough: bool,
    patience: Duration,
}

/// A request as the engines take it.
#[derive(Debug, Clone)]
enum Message {
    DynamoDb { operation: String, body: Json },
    S3(Ask),
}

/// Where the clients believe that the engines are.
const ENDPOINT: &str = "http://engine";

/// A status and a body.
type Answer = (u16, Vec<u8>);

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the wire of {}", self.by)
    }
}

impl Wire {
    /// A wire that meets the world's faults (`rough`), or none.
    pub fn new(world: Shared, by: By, rough: bool) -> Self {
        Self { world, by, rough, patience: Duration::from_secs(20) }
    }

    /// The clients of a deployed function over this wire. `name` is a Region of their own: the SDK shares its retry
    /// quota among all clients of a Region, and a seed's faults must not use up another's.
    pub fn clients(self, name: String) -> Clients {
        let credentials = Credentials::new(crate::ACCESS_KEY, crate::SECRET_KEY, None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(name))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(ENDPOINT)
            .retry_config(retries().with_use_static_exponential_base(true))
            .timeout_config(timeouts())
            .http_client(self)
            .build();
        let settings = Settings { stage: "dev".into(), bucket: BUCKET.into(), ledger: LEDGER.into(), topic: None };
        Clients::new(config, settings)
    }

    async fn carry(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let message = Message::of(request).await;
        if self.is_lied_to(&message) {
            return Ok(response((200, Vec::new())));
        }
        let trip = {
            let mut world = lock(&self.world);
            match self.rough {
                true => world.trip(message.kind(), &self.by, &message.told()),
                false => {
                    crate::campaign::faults::requests::Trip { there: 1, back: 0, sent: false, fault: Fault::Nothing }
                }
            }
        };
        let there = Duration::from_millis(trip.there);
        let answer = match &trip.fault {
            Fault::Answered(status, body) => {
                sleep(there).await;
                (*status, body.clone())
            }
            Fault::Lost(failure) => {
                sleep(there).await;
                return Err(self.fail(*failure).await);
            }
            Fault::Late(millis) => {
                self.send(message, self.patience + Duration::from_millis(*millis), false);
                return Err(self.fail(Failure::TimeOut).await);
            }
            fault => self.deliver(message, there, trip.sent, *fault == Fault::Statements).await,
        };
        sleep(Duration::from_millis(trip.back)).await;
        match trip.fault {
            Fault::Unanswered(failure) => Err(self.fail(failure).await),
            Fault::Failed(status, body) => Ok(response((status, body))),
            Fault::Torn => Ok(torn(answer)),
            _ => Ok(response(answer)),
        }
    }

    async fn deliver(&self, message: Message, there: Duration, sent: bool, statement_faults: bool) -> Answer {
        if sent {
            return self.send(message, there, statement_faults).await.expect("a request that was sent arrives");
        }
        sleep(there).await;
        message.perform(&self.world, &self.by, statement_faults)
    }

    /// Sends a request that arrives whatever becomes of its client.
    fn send(&self, message: Message, there: Duration, statement_faults: bool) -> tokio::task::JoinHandle<Answer> {
        let (world, by) = (self.world.clone(), self.by.clone());
        lock(&world).depart();
        tokio::spawn(async move {
            sleep(there).await;
            let answer = message.perform(&world, &by, statement_faults);
            lock(&world).arrive();
            answer
        })
    }

    async fn fail(&self, failure: Failure) -> ConnectorError {
        match failure {
            Failure::Reset => ConnectorError::io(io::Error::from(io::ErrorKind::ConnectionReset).into()),
            Failure::TimeOut => {
                sleep(self.patience).await;
                ConnectorError::timeout(io::Error::from(io::ErrorKind::TimedOut).into())
            }
        }
    }

    /// Whether a journal object is acknowledged before it is put, because that promise is broken on purpose.
    fn is_lied_to(&self, message: &Message) -> bool {
        let Message::S3(Ask::Put(key, _)) = message else { return false };
        let mut world = lock(&self.world);
        if !key.contains("/journal/") || world.broken(Sabotage::Journal, &self.by).is_none() {
            return false;
        }
        world.depart();
        let (world, by, message) = (self.world.clone(), self.by.clone(), message.clone());
        tokio::spawn(async move {
            sleep(Duration::from_millis(100)).await;
            let killed = lock(&world).is_killed(&by);
            if !killed {
                message.perform(&world, &by, false);
            }
            lock(&world).arrive();
        });
        true
    }
}

impl HttpClient for Wire {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let patience = settings.read_timeout().unwrap_or(self.patience);
        SharedHttpConnector::new(Self { patience, ..self.clone() })
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().carry(request))
    }
}

impl Message {
    async fn of(request: HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").and_then(|target| target.split_once('.'));
        let operation = target.map(|(_, operation)| operation.to_owned());
        let (method, uri) = (request.method().to_owned(), request.uri().trim_start_matches(ENDPOINT).to_owned());
        let (path, query) = uri.split_once('?').unwrap_or((&uri, ""));
        let body = ByteStream::new(request.into_body()).collect().await.expect("a body in memory").to_vec();
        match operation {
            Some(operation) => {
                Self::DynamoDb { operation, body: serde_json::from_slice(&body).expect("a request in JSON") }
            }
            None => Self::S3(Ask::of(&method, path, query, &body)),
        }
    }

    fn kind(&self) -> Kind {
        match self {
            Self::S3(Ask::Put(..)) => Kind::Put,
            Self::S3(_) => Kind::Get,
            Self::DynamoDb { operation, .. } if operation == "BatchExecuteStatement" => Kind::Statements,
            Self::DynamoDb { operation, body } => match (body["TableName"] == PEOPLE, operation.as_str()) {
                (true, "Scan") => Kind::Read,
                (true, _) => Kind::Write,
                (false, _) => Kind::Ledger,
            },
        }
    }

    /// What it is, in few words.
    fn told(&self) -> String {
        match self {
            Self::S3(ask) => format!("{} {}", ask.operation(), ask.key()),
            Self::DynamoDb { operation, body } => {
                let named = body.get("Key").or(body.get("Item")).unwrap_or(&Json::Null);
                let part = |name: &str| named[name]["S"].as_str().unwrap_or_default().to_owned();
                format!("{operation} {} {}", part("pk"), part("sk"))
            }
        }
    }

    fn perform(self, world: &Shared, by: &By, statement_faults: bool) -> Answer {
        let mut world = lock(world);
        world.say(|| format!("{by} {}", self.told()));
        match self {
            Self::S3(ask) => world.s3(by, &ask),
            Self::DynamoDb { operation, body } => match world.dynamodb(by, &operation, body, statement_faults) {
                Ok(answer) => (200, answer.into_bytes()),
                Err((status, error)) => (status, error.into_bytes()),
            },
        }
    }
}

fn response((status, body): Answer) -> HttpResponse {
    HttpResponse::new(StatusCode::try_from(status).expect("a status"), SdkBody::from(body))
}

/// A response whose body breaks off half-way.
fn torn((status, mut body): Answer) -> HttpResponse {
    body.truncate(body.len() / 2);
    let body = SdkBody::from_body_1_x(Torn(Some(body.into())));
    HttpResponse::new(StatusCode::try_from(status).expect("a status"), body)
}

struct Torn(Option<Bytes>);

impl http_body::Body for Torn {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::ErrorKind::ConnectionReset.into()),
        }))
    }
}
