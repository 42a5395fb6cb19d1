//! Faults of requests: throttles, errors before and after the effect, lost and truncated responses, delays.

use std::time::Duration;

use serde_json::json;
use tableshift_core::control::lock::WRITE_SECONDS;

use crate::campaign::engines::random::Random;
use crate::campaign::engines::s3;

/// How often requests meet faults, and how short the pages are.
#[derive(Debug, Clone)]
pub struct RequestFaults {
    /// How many of a thousand requests meet a fault.
    permille: u64,
    /// Intervals, in simulated milliseconds, in which most requests to the table are throttled.
    storms: Vec<(i64, i64)>,
    /// The maximum number of items on a page.
    page: u64,
    /// Whether every page holds this maximum. Otherwise a page holds any number of items up to it.
    full_pages: bool,
    /// The maximum number of keys on a page of an S3 listing.
    pub keys_a_page: usize,
    /// The longest time after the client's timeout at which a write to the table can still take effect, in milliseconds.
    longest_write_delay: u64,
}

/// How a request and its response are delivered.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Milliseconds until the request arrives.
    pub request_ms: u64,
    /// Milliseconds until the response arrives.
    pub response_ms: u64,
    /// Whether the request arrives even if the worker is killed while it is in flight.
    pub detached: bool,
    pub fault: Fault,
}

/// A fault of one request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// No fault.
    None,
    /// The service responds with this error and does nothing.
    ErrorBeforeEffect(u16, Vec<u8>),
    /// The request never arrives.
    RequestLost(TransportError),
    /// The request takes effect, and its response never arrives.
    ResponseLost(TransportError),
    /// The client times out, and the request takes effect this number of milliseconds later.
    EffectAfterTimeout(u64),
    /// The request takes effect, and the service responds with this error.
    ErrorAfterEffect(u16, Vec<u8>),
    /// The request takes effect, and the body of its response is truncated.
    ResponseTruncated,
    /// Single statements of the batch meet faults.
    InStatements,
}

/// What the client sees when no response arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportError {
    /// Its read timeout passes.
    Timeout,
    /// The connection is reset.
    ConnectionReset,
}

/// The kind of a request, which decides the faults that it can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestKind {
    /// A conditional write of one item of the table.
    Write,
    /// A batch of statements that write items of the table.
    Statements,
    /// Any request to the ledger.
    Ledger,
    /// A read of the table.
    Read,
    /// A put of an S3 object: its response has no body.
    Put,
    /// Any other request to S3.
    Get,
}

/// The longest time after the client's timeout at which a request can still take effect, in milliseconds.
pub const LONGEST_DELAY_MS: u64 = 40_000;

impl Delivery {
    /// The delivery of a request without faults.
    pub const WITHOUT_FAULT: Self = Self { request_ms: 1, response_ms: 0, detached: false, fault: Fault::None };
}

impl RequestFaults {
    /// The request faults of a seed.
    pub fn random(random: &mut Random) -> Self {
        let permille = *random.pick(&[0, 5, 20, 60, 120, 250]);
        let storms = (0..random.below(3)).map(|_| {
            let from = random.below(20_000) as i64;
            (from, from + random.log_uniform(16) as i64)
        });
        let storms = storms.collect();
        Self {
            permille,
            storms,
            page: *random.pick(&[2, 4, 8, 30]),
            full_pages: false,
            keys_a_page: random.within(1, 8) as usize,
            longest_write_delay: LONGEST_DELAY_MS,
        }
    }

    /// No faults, and pages of at most `page` items.
    pub fn none(page: u64) -> Self {
        Self {
            permille: 0,
            storms: Vec::new(),
            page,
            full_pages: false,
            keys_a_page: 1000,
            longest_write_delay: LONGEST_DELAY_MS,
        }
    }

    /// The same, but a write to the table takes effect within the time for which the worker waits for it
    /// ([`WRITE_SECONDS`]), or never.
    pub fn with_prompt_writes(self, read_timeout: Duration) -> Self {
        Self { longest_write_delay: WRITE_SECONDS * 1000 - read_timeout.as_millis() as u64, ..self }
    }

    /// The same, with the maximum number of items on every page.
    pub fn with_full_pages(self) -> Self {
        Self { full_pages: true, ..self }
    }

    /// The maximum number of items of the next page.
    pub fn page_size(&self, random: &mut Random) -> u64 {
        if self.full_pages { self.page } else { random.within(1, self.page) }
    }

    /// Draws the delivery of a request at this time, with the name of the fault that it meets.
    pub fn draw_delivery(&self, kind: RequestKind, now: i64, random: &mut Random) -> (Delivery, Option<String>) {
        let (request_ms, response_ms, detached) = (random.within(1, 15), random.within(0, 5), random.percent(50));
        let table = matches!(kind, RequestKind::Write | RequestKind::Statements | RequestKind::Read);
        let storm = table && self.storms.iter().any(|(from, to)| (from..to).contains(&&now)) && random.percent(80);
        // Most faults of a batch are faults of its statements: one batch replaces many single writes.
        let in_statements = kind == RequestKind::Statements && random.permille(2 * self.permille);
        let (fault, name) = match (storm, in_statements, random.permille(self.permille)) {
            (true, ..) => throttle(kind, random),
            (false, true, _) => (Fault::InStatements, None),
            (false, false, true) => self.fault(kind, random),
            (false, false, false) => (Fault::None, None),
        };
        (Delivery { request_ms, response_ms, detached, fault }, name)
    }
}

impl RequestFaults {
    fn fault(&self, kind: RequestKind, random: &mut Random) -> (Fault, Option<String>) {
        let named = |fault, name: &str| (fault, Some(name.to_owned()));
        let late = |delay: u64| match kind {
            RequestKind::Write | RequestKind::Statements => delay.min(self.longest_write_delay),
            _ => delay,
        };
        match random.below(15) {
            0 | 1 => throttle(kind, random),
            13 | 14 if kind == RequestKind::Write => contention(random),
            2 => named(Fault::ErrorBeforeEffect(500, failure(kind, "InternalServerError")), "500 before the effect"),
            3 => named(Fault::ErrorBeforeEffect(503, failure(kind, "ServiceUnavailable")), "503 before the effect"),
            4 => named(Fault::ErrorAfterEffect(500, failure(kind, "InternalServerError")), "500 after the effect"),
            5 => named(Fault::RequestLost(TransportError::Timeout), "time-out before the effect"),
            6 | 7 => named(Fault::ResponseLost(TransportError::Timeout), "time-out after the effect"),
            8 => named(Fault::EffectAfterTimeout(late(random.within(1, LONGEST_DELAY_MS))), "time-out, effect later"),
            9 => named(Fault::RequestLost(TransportError::ConnectionReset), "connection reset before the effect"),
            10 | 11 => named(Fault::ResponseLost(TransportError::ConnectionReset), "connection reset after the effect"),
            _ => named(Fault::ResponseTruncated, "torn response"),
        }
    }
}

/// A write that is rejected because someone else is writing the item at this moment.
///
/// Source: `DynamoDB` API reference, `UpdateItem`, Errors.
fn contention(random: &mut Random) -> (Fault, Option<String>) {
    let code = *random.pick(&["TransactionConflictException", "ReplicatedWriteConflictException"]);
    (Fault::ErrorBeforeEffect(400, failure(RequestKind::Write, code)), Some(format!("contention: {code}")))
}

fn throttle(kind: RequestKind, random: &mut Random) -> (Fault, Option<String>) {
    let limits = [
        "ProvisionedThroughputExceeded",
        "KeyRangeThroughputExceeded",
        "AccountLimitExceeded",
        "MaxOnDemandThroughputExceeded",
    ];
    let direction = match kind {
        RequestKind::Put | RequestKind::Get => {
            return (Fault::ErrorBeforeEffect(503, s3::error("SlowDown")), Some("throttle: S3 SlowDown".into()));
        }
        RequestKind::Read => "Read",
        RequestKind::Write | RequestKind::Statements | RequestKind::Ledger => "Write",
    };
    let resource = if direction == "Write" && random.percent(30) { "Index" } else { "Table" };
    let reason = format!("{resource}{direction}{}", random.pick(&limits));
    let exception =
        *random.pick(&["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]);
    (Fault::ErrorBeforeEffect(400, throttled(exception, &reason)), Some(format!("throttle: {reason}")))
}

/// The body of a throttled response, with the reason.
///
/// Source: the API models of `DynamoDB`: one exception spells the member in lower case.
pub fn throttled(exception: &str, reason: &str) -> Vec<u8> {
    let member = if exception == "ThrottlingException" { "throttlingReasons" } else { "ThrottlingReasons" };
    let arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/people";
    let body = json!({
        "__type": format!("com.amazonaws.dynamodb.v20120810#{exception}"), "message": "injected",
        member: [{"reason": reason, "resource": arn}],
    });
    body.to_string().into_bytes()
}

fn failure(kind: RequestKind, code: &str) -> Vec<u8> {
    match kind {
        RequestKind::Put | RequestKind::Get => {
            s3::error(if code == "InternalServerError" { "InternalError" } else { code })
        }
        _ => json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "injected"})
            .to_string()
            .into_bytes(),
    }
}
