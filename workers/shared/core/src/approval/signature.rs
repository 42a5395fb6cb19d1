//! Signatures: proof of who made a statement.
//!
//! A signature is a GetCallerIdentity request to STS, presigned by the signer (Signature Version 4, in the query). The
//! statement is in the signed headers, and the URL contains only their names. The verifier adds the values that it expects
//! and sends the request: STS returns the signer's identity if exactly these values were signed, and an error otherwise.
//! EKS authenticates the callers of a cluster in the same way (IAM authenticator, token `k8s-aws-v1`).
//!
//! The URL itself is never called. It is parsed strictly, and only its query is sent, to the stack's own STS endpoint. The
//! copy that remains in an execution's history is useless: it is bound to this one statement, expires after 15 minutes, and
//! is accepted once.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;
use thiserror::Error;

use crate::item::hash;

/// How long a signature is valid, in seconds. Source: STS accepts a presigned request for 15 minutes at most, whatever
/// X-Amz-Expires says; EKS relies on the same limit.
pub const MAX_AGE_SECONDS: i64 = 900;
/// How far the signer's clock may be ahead, in seconds. Source: AWS rejects requests from further in the future.
const MAX_SKEW_SECONDS: i64 = 300;
/// The longest URL that is accepted, in bytes. Temporary credentials add a token of several kilobytes.
const MAX_URL_BYTES: usize = 16 * 1024;
/// The query parameters that make the request a GetCallerIdentity request.
pub const ASKED: [(&str, &str); 2] = [("Action", "GetCallerIdentity"), ("Version", "2011-06-15")];

/// A statement to sign: names and values of the headers that are signed besides `host`.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement(BTreeMap<&'static str, String>);

/// Shows only the names: a value may be the secret of a question.
impl std::fmt::Debug for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Statement").field(&self.0.keys()).finish()
    }
}

/// What an answer refers to: the question whether a run may write.
#[derive(Debug, Clone, Copy)]
pub struct AnswerTo<'a> {
    /// The run.
    pub run: &'a str,
    /// The hash of its plan, which contains the migration.
    pub plan_hash: &'a str,
    /// The hash of the report that the approver read.
    pub report_hash: &'a str,
    /// The question's secret. Only approvers can read it, so a signature over it proves the permission to approve.
    pub secret: &'a str,
}

impl Statement {
    /// The statement that approves or rejects a run, with the reason.
    pub fn answer(to: AnswerTo<'_>, approve: bool, reason: &str) -> Self {
        let answer = if approve { "approve" } else { "reject" };
        Self(BTreeMap::from([
            ("x-tableshift-run", to.run.to_owned()),
            ("x-tableshift-plan", to.plan_hash.to_owned()),
            ("x-tableshift-report", to.report_hash.to_owned()),
            ("x-tableshift-question", to.secret.to_owned()),
            ("x-tableshift-answer", answer.to_owned()),
            // Free text is not a valid header value; its hash is.
            ("x-tableshift-reason", hash::of_bytes(reason.as_bytes())),
        ]))
    }

    /// The statement that starts an execution with this input, apart from the signature in it.
    pub fn start(execution: &str, input: &Value) -> Self {
        Self(BTreeMap::from([
            ("x-tableshift-execution", execution.to_owned()),
            ("x-tableshift-input", input_hash(input)),
        ]))
    }

    /// The signed headers besides `host`: names in lower case, sorted, with their values.
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

/// A signature that was parsed and may be sent to STS.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature {
    query: String,
    hash: String,
}

/// Shows only the hash: the query may contain a session token.
impl std::fmt::Debug for Signature {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signature").field("hash", &self.hash).finish_non_exhaustive()
    }
}

/// Why a signature is refused before STS is called.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The input has no signature.
    #[error("there is no signature")]
    Missing,
    /// The string is not such a URL.
    #[error("the signature is not a presigned GetCallerIdentity request: {0}")]
    Shape(String),
    /// The signature is for the STS endpoint of another Region or partition.
    #[error("the signature is for {found}, but this stack calls {expected}; sign for the stack's Region")]
    Host {
        /// The host of the stack's STS endpoint.
        expected: String,
        /// The host in the signature.
        found: String,
    },
    /// The signed headers are not those of the statement.
    #[error("the signature covers the headers {found}, not {expected}")]
    Headers {
        /// The header names that must be signed, separated by `;`.
        expected: String,
        /// The header names that are signed.
        found: String,
    },
    /// The signature is too old, or from the future.
    #[error("the signature was made at {signed} and is valid for {} minutes; sign again", MAX_AGE_SECONDS / 60)]
    Expired {
        /// The time in the signature.
        signed: Timestamp,
    },
}

impl Signature {
    /// Parses a presigned URL and checks everything that can be checked without STS: that it is for this host, covers the
    /// headers of this statement, and is valid at `now` (epoch seconds).
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

    /// The query to send to STS, exactly as it was signed.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// A hash that identifies the signature, so that it is accepted only once. It cannot be used as a signature.
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Splits a URL into host and query. A URL with any other part is refused.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, query) = rest.split_once("/?")?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':');
    let plain = query.chars().all(|c| c.is_ascii_graphic() && c != '#');
    (url.len() <= MAX_URL_BYTES && !host.is_empty() && host.chars().all(legal) && plain).then_some((host, query))
}

/// The query parameters; each occurs once.
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

    /// The scope names the service, so a request that was signed for another service is refused here.
    fn check_credential(&self) -> Result<(), SignatureError> {
        let scope: Vec<&str> = self.get("X-Amz-Credential").split('/').collect();
        let is_sts = scope.len() == 5 && scope[3..] == ["sts", "aws4_request"];
        let signature = self.get("X-Amz-Signature");
        let is_hex = signature.len() == 64 && signature.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        match (is_sts, is_hex) {
            (true, true) => Ok(()),
            (false, _) => Err(shape("its `X-Amz-Credential` is not scoped to sts")),
            (true, false) => Err(shape("its `X-Amz-Signature` is not a SHA-256 in hex")),
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
        let signed = signed.ok_or_else(|| shape("its `X-Amz-Date` is not a time"))?;
        let lasts: i64 = self.get("X-Amz-Expires").parse().map_err(|_| shape("its `X-Amz-Expires` is not a number"))?;
        let age = now - signed.as_second();
        match (-MAX_SKEW_SECONDS..=lasts.min(MAX_AGE_SECONDS)).contains(&age) {
            true => Ok(()),
            false => Err(SignatureError::Expired { signed }),
        }
    }
}

fn shape(problem: &str) -> SignatureError {
    SignatureError::Shape(problem.to_owned())
}

/// A received string, shortened and stripped of unprintable characters, so that it can be shown.
fn printable(text: &str) -> String {
    text.chars().filter(char::is_ascii_graphic).take(200).collect()
}

#[cfg(test)]
mod tests;
