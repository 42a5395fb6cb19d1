//! Which fault a request meets.

use serde_json::json;

use crate::campaign::engines::random::Chance;
use crate::campaign::engines::s3 as store;

/// How bad a simulation is.
#[derive(Debug, Clone)]
pub struct Weather {
    /// Of a thousand requests, so many meet a fault.
    permille: u64,
    /// Times, in simulated milliseconds, in which most requests to the table are throttled.
    storms: Vec<(i64, i64)>,
    /// The most items that a page holds.
    page: u64,
    /// Whether pages hold as many, and not any number up to it.
    full_pages: bool,
    /// The most keys that a page of a listing holds.
    pub keys_a_page: usize,
}

/// How a request and its answer travel.
#[derive(Debug, Clone)]
pub struct Trip {
    /// Milliseconds to the engine.
    pub there: u64,
    /// Milliseconds back.
    pub back: u64,
    /// Whether it reaches the engine even if the worker is killed while it is on its way.
    pub sent: bool,
    /// What goes wrong.
    pub fault: Fault,
}

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing.
    Nothing,
    /// The service answers this and does nothing.
    Answered(u16, Vec<u8>),
    /// It never arrives.
    Lost(Failure),
    /// It takes effect, and its answer never arrives.
    Unanswered(Failure),
    /// The client gives up, and it takes effect so many milliseconds later.
    Late(u64),
    /// It takes effect, and the service answers that it failed.
    Failed(u16, Vec<u8>),
    /// It takes effect, and its answer breaks off.
    Torn,
    /// Some of its statements meet a fault of their own.
    Statements,
}

/// What the client sees when there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nothing, until it no longer waits.
    TimeOut,
    /// The connection is reset.
    Reset,
}

/// Which service a request is for, and what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A write to the table, of one item.
    Write,
    /// A write to the table, of several statements.
    Statements,
    /// Another request to DynamoDB.
    Ledger,
    /// A read of the table.
    Read,
    /// A request to S3 whose answer has no body.
    Put,
    /// Another request to S3.
    Get,
}

/// The longest that a request is on its way after its client gave it up, in milliseconds.
pub const LATEST: u64 = 40_000;

impl Weather {
    /// The weather of a seed.
    pub fn of(chance: &mut Chance) -> Self {
        let permille = *chance.pick(&[0, 5, 20, 60, 120, 250]);
        let storms = (0..chance.below(3)).map(|_| {
            let from = chance.below(20_000) as i64;
            (from, from + chance.magnitude(16) as i64)
        });
        let storms = storms.collect();
        Self {
            permille,
            storms,
            page: *chance.pick(&[2, 4, 8, 30]),
            full_pages: false,
            keys_a_page: chance.within(1, 8) as usize,
        }
    }

    /// No fault ever, and pages of so many items at the most.
    pub fn fair(page: u64) -> Self {
        Self { permille: 0, storms: Vec::new(), page, full_pages: false, keys_a_page: 1000 }
    }

    /// The same with as many items on every page.
    pub fn with_full_pages(self) -> Self {
        Self { full_pages: true, ..self }
    }

    /// How many items the next page may hold.
    pub fn page_size(&self, chance: &mut Chance) -> u64 {
        if self.full_pages { self.page } else { chance.within(1, self.page) }
    }

    /// The trip of a request at this time, and the name of the fault that it meets.
    pub fn trip(&self, kind: Kind, now: i64, chance: &mut Chance) -> (Trip, Option<String>) {
        let (there, back, sent) = (chance.within(1, 15), chance.within(0, 5), chance.percent(50));
        let table = matches!(kind, Kind::Write | Kind::Statements | Kind::Read);
        let storm = table && self.storms.iter().any(|(from, to)| (from..to).contains(&&now)) && chance.percent(80);
        // A batch meets most of its faults inside: it is one request where single writes would be many.
        let inside = kind == Kind::Statements && chance.permille(2 * self.permille);
        let (fault, name) = match (storm, inside, chance.permille(self.permille)) {
            (true, ..) => throttle(kind, chance),
            (false, true, _) => (Fault::Statements, None),
            (false, false, true) => fault(kind, chance),
            (false, false, false) => (Fault::Nothing, None),
        };
        (Trip { there, back, sent, fault }, name)
    }
}

fn fault(kind: Kind, chance: &mut Chance) -> (Fault, Option<String>) {
    let named = |fault, name: &str| (fault, Some(name.to_owned()));
    match chance.below(13) {
        0 | 1 => throttle(kind, chance),
        2 => named(Fault::Answered(500, failure(kind, "InternalServerError")), "500 before the effect"),
        3 => named(Fault::Answered(503, failure(kind, "ServiceUnavailable")), "503 before the effect"),
        4 => named(Fault::Failed(500, failure(kind, "InternalServerError")), "500 after the effect"),
        5 => named(Fault::Lost(Failure::TimeOut), "time-out before the effect"),
        6 | 7 => named(Fault::Unanswered(Failure::TimeOut), "time-out after the effect"),
        8 => named(Fault::Late(chance.within(1, LATEST)), "time-out, effect later"),
        9 => named(Fault::Lost(Failure::Reset), "connection reset before the effect"),
        10 | 11 => named(Fault::Unanswered(Failure::Reset), "connection reset after the effect"),
        _ => named(Fault::Torn, "torn response"),
    }
}

fn throttle(kind: Kind, chance: &mut Chance) -> (Fault, Option<String>) {
    let limits = [
        "ProvisionedThroughputExceeded",
        "KeyRangeThroughputExceeded",
        "AccountLimitExceeded",
        "MaxOnDemandThroughputExceeded",
    ];
    let direction = match kind {
        Kind::Put | Kind::Get => {
            return (Fault::Answered(503, store::error("SlowDown")), Some("throttle: S3 SlowDown".into()));
        }
        Kind::Read => "Read",
        Kind::Write | Kind::Statements | Kind::Ledger => "Write",
    };
    let resource = if direction == "Write" && chance.percent(30) { "Index" } else { "Table" };
    let reason = format!("{resource}{direction}{}", chance.pick(&limits));
    let exception =
        *chance.pick(&["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"]);
    (Fault::Answered(400, throttled(exception, &reason)), Some(format!("throttle: {reason}")))
}

/// The body of an answer that says why a request to the table was throttled.
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

fn failure(kind: Kind, code: &str) -> Vec<u8> {
    match kind {
        Kind::Put | Kind::Get => store::error(if code == "InternalServerError" { "InternalError" } else { code }),
        _ => json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "injected"})
            .to_string()
            .into_bytes(),
    }
}
