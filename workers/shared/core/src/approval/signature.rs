//! A signature: the proof of who says something.
//!
//! It is a GetCallerIdentity request to STS, presigned (Signature Version 4, in the query) by whoever says it. What is
//! said is in its signed headers, of which the URL holds the names only: the reader puts in the values that it expects,
//! sends the request, and STS answers with the signer's identity if just these values were signed, and refuses if not.
//! EKS tells callers of a cluster apart in this way (its IAM authenticator, token `k8s-aws-v1`).
//!
//! The URL is never followed. It is read strictly, and only its query goes to the stack's own STS endpoint.
//! What is left in an execution's history afterwards is of no use: it opens nothing but this one statement, counts for 15
//! minutes, and is taken once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use thiserror::Error;

use crate::item::hash;

/// How long a signature counts, in seconds. Source: STS takes no presigned request for longer, whatever X-Amz-Expires
/// says; EKS counts on the same 15 minutes.
pub const LASTS_SECONDS: i64 = 900;
/// By how much the signer's clock may be ahead, in seconds. Source: AWS refuses requests from further in the future.
const AHEAD_SECONDS: i64 = 300;
/// Longer than any: temporary credentials bring a token of up to some kilobytes.
const MOST_BYTES: usize = 16 * 1024;
/// What every such request asks for.
pub const ASKED: [(&str, &str); 2] = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];

/// What is said: the names and values of the headers that are signed beside the host.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement(BTreeMap<&'static str, String>);

/// The names only: a value may be the question's secret.
impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Statement").field(&self.0.keys()).finish()
    }
}

/// An answer to the question whether a run may write.
#[derive(Debug, Clone, Copy)]
pub struct AnswerTo<'a> {
    /// The run.
    pub run: &'a str,
    /// The hash of its plan, in which the migration is.
    pub plan_hash: &'a str,
    /// The hash of the report that was read.
    pub report_hash: &'a str,
    /// The question's secret, which only approvers can read: whoever signs it in may approve.
    pub secret: &'a str,
}

impl Statement {
    /// That this answer is a yes or a no, and why.
    pub fn answer(to: AnswerTo<'_>, approve: bool, reason: &str) -> Self {
        let answer = if approve { "approve" } else { "reject" };
        Self(BTreeMap::from([
            ("x-tableshift-run", to.run.to_owned()),
            ("x-tableshift-plan", to.plan_hash.to_owned()),
            ("x-tableshift-report", to.report_hash.to_owned()),
            ("x-tableshift-question", to.secret.to_owned()),
            ("x-tableshift-answer", answer.to_owned()),
            // Free text is no header's value; its hash is.
            ("x-tableshift-reason", hash::of_bytes(reason.as_bytes())),
        ]))
    }

    /// That this execution is started with this input, less the signature itself.
    pub fn start(execution: &str, input: &Value) -> Self {
        Self(BTreeMap::from([
            ("x-tableshift-execution", execution.to_owned()),
            ("x-tableshift-input", input_hash(input)),
        ]))
    }

    /// The signed headers: names in lower case and in order, with their values.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.0.iter().map(|(name, value)| (*name, value.as_str()))
    }
}

fn input_hash(input: &Value) -> String {
    let mut input = input.clone();
    if let Some(fields) = input.as_object_mut() {
        fields.shift_remove("requested_by");
    }
    hash::of_json(&input)
}

/// A signature that was read and may be sent to STS.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    query: String,
    hash: String,
}

/// The hash only: the query may hold a session's token.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Why a signature is not even worth asking STS about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// There is none.
    #[error("there is no signature")]
    Missing,
    /// It is no such URL.
    #[error("the signature is no presigned GetCallerIdentity request: {0}")]
    Shape(String),
    /// It is for another STS than the stack's own.
    #[error("the signature is for {found}, but this stack asks {expected}; sign for the stack's Region")]
    Host {
        /// The stack's own.
        expected: String,
        /// The one it is for.
        found: String,
    },
    /// Some headers are not signed, or too many.
    #[error("the signature is over the headers {found}, not over {expected}")]
    Headers {
        /// What must be signed.
        expected: String,
        /// What is.
        found: String,
    },
    /// It is too old, or from the future.
    #[error("the signature is of {signed} and counts for {} minutes from then on; sign anew", LASTS_SECONDS / 60)]
    Expired {
        /// When it was signed.
        signed: Timestamp,
    },
}

impl Signature {
    /// Reads a presigned URL and checks all that can be checked without STS: that it is for this host, is over this
    /// statement's headers, and counts at this time (epoch seconds).
    pub fn read(url: &str, statement: &Statement, host: &str, now: i64) -> Result<Self, SignatureError> {
        if url.is_empty() {
            return Err(SignatureError::Missing);
        }
        let (found, query) = split(url).ok_or_else(|| shape("it is not of the form https://host/?query"))?;
        if found != host {
            return Err(SignatureError::Host { expected: host.to_owned(), found: found.to_owned() });
        }
        let parameters = Parameters::of(query)?;
        parameters.check_headers(statement)?;
        parameters.check_time(now)?;
        Ok(Self { query: query.to_owned(), hash: hash::of_bytes(parameters.get("X-Amz-Signature").as_bytes()) })
    }

    /// The query to send, as it was signed.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// What tells this signature from every other, without being one.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// The host and the query of a URL that has nothing else.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, query) = rest.split_once("/?")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let plain = query.chars().all(|c| c.is_ascii_graphic() && c != '#');
    (url.len() <= MOST_BYTES && !host.is_empty() && host.chars().all(legal) && plain).then_some((host, query))
}

/// The parameters of the query, each once.
struct Parameters(BTreeMap<String, String>);

impl Parameters {
    const REQUIRED: [&str; 8] = [
        "Action",
        "Version",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Signature",
    ];

    fn of(query: &str) -> Result<Self, SignatureError> {
        let mut found = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !Self::REQUIRED.contains(&&*name) && name != "X-Amz-Security-Token" {
                return Err(shape(&format!("it has the parameter `{}`", printable(&name))));
            }
            if found.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(shape(&format!("it has `{name}` twice")));
            }
        }
        if let Some(missing) = Self::REQUIRED.into_iter().find(|name| !found.contains_key(*name)) {
            return Err(shape(&format!("it lacks `{missing}`")));
        }
        let parameters = Self(found);
        for (name, value) in ASKED.into_iter().chain([("X-Amz-Algorithm", "AWS4-HMAC-SHA256")]) {
            if parameters.get(name) != value {
                return Err(shape(&format!("its `{name}` is not {value}")));
            }
        }
        parameters.check_credential()?;
        Ok(parameters)
    }

    fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// The scope says for which service it is signed, so that a request for another one cannot pass for this.
    fn check_credential(&self) -> Result<(), SignatureError> {
        let scope: Vec<&str> = self.get("X-Amz-Credential").split('/').collect();
        let is_sts = scope.len() == 5 && scope[3..] == ["sts", "aws4_request"];
        let signature = self.get("X-Amz-Signature");
        let is_hex = signature.len() == 64 && signature.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        match (is_sts, is_hex) {
            (true, true) => Ok(()),
            (false, _) => Err(shape("its `X-Amz-Credential` is not scoped to sts")),
            (true, false) => Err(shape("its `X-Amz-Signature` is no SHA-256 in hex")),
        }
    }

    fn check_headers(&self, statement: &Statement) -> Result<(), SignatureError> {
        let mut expected = vec!["host"];
        expected.extend(statement.headers().map(|(name, _)| name));
        expected.sort_unstable();
        let expected = expected.join(";");
        match self.get("X-Amz-SignedHeaders") {
            found if found == expected => Ok(()),
            found => Err(SignatureError::Headers { expected, found: printable(found) }),
        }
    }

    fn check_time(&self, now: i64) -> Result<(), SignatureError> {
        let signed = DateTime::strptime("%Y%m%dT%H%M%SZ", self.get("X-Amz-Date")).ok();
        let signed = signed.and_then(|at| at.to_zoned(TimeZone::UTC).ok()).map(|at| at.timestamp());
        let signed = signed.ok_or_else(|| shape("its `X-Amz-Date` is no time"))?;
        let lasts: i64 = self.get("X-Amz-Expires").parse().map_err(|_| shape("its `X-Amz-Expires` is no number"))?;
        let age = now - signed.as_second();
        match (-AHEAD_SECONDS..=lasts.min(LASTS_SECONDS)).contains(&age) {
            true => Ok(()),
            false => Err(SignatureError::Expired { signed }),
        }
    }
}

fn shape(problem: &str) -> SignatureError {
    SignatureError::Shape(problem.to_owned())
}

/// What somebody sent, fit to be shown.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(200).collect()
}

#[cfg(test)]
mod tests;
