//! Who somebody is, as far as AWS vouches for it, and when two callers count as one person.
//!
//! A name in a JSON field is a claim. What AWS answers to GetCallerIdentity is not: an ARN, a unique id that is never
//! given again, and the account. Part of it is chosen by the caller all the same: who assumes a role names the session,
//! and who asks for a federation token names the federated user. Nothing here trusts such a name unless the stage's
//! policy says that the account forces it (IAM Identity Center does, with the name of the person).

use serde::{Deserialize, Serialize};

/// A caller as AWS names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The ARN, for example `arn:aws:sts::111122223333:assumed-role/Release/ann`.
    pub arn: String,
    /// The unique id: of a user `AIDA...`, of a session `AROA...:<session>` with the role's id in front.
    /// Source: IAM user guide, *IAM identifiers*, unique ids; STS API reference, GetCallerIdentity.
    pub user_id: String,
    /// The account.
    pub account: String,
}

/// What kind of caller an ARN names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind<'a> {
    /// The account's root user.
    Root,
    /// An IAM user.
    User,
    /// A session of a role.
    Session {
        /// The role's name, without its path, which the ARN of a session does not have.
        role: &'a str,
        /// The session's name.
        name: &'a str,
    },
    /// Anything else, a federated user for one: whoever holds the credentials of an IAM user may be federated under any
    /// name, so such a caller cannot be told from the user behind it.
    Other,
}

impl Identity {
    /// What kind of caller this is.
    pub fn kind(&self) -> Kind<'_> {
        let resource = self.arn.splitn(6, ':').nth(5).unwrap_or_default();
        let mut parts = resource.splitn(2, '/');
        match (parts.next(), parts.next()) {
            (Some("root"), None) => Kind::Root,
            (Some("user"), Some(_)) => Kind::User,
            (Some("assumed-role"), Some(session)) => match session.split_once('/') {
                Some((role, name)) => Kind::Session { role, name },
                None => Kind::Other,
            },
            _ => Kind::Other,
        }
    }

    /// Whether both may be one person.
    ///
    /// The same ARN or the same unique id are. So are two sessions of one role, whatever their names: a session's name
    /// is chosen by who assumes the role. Only where both roles are among `named_sessions`, whose sessions the account
    /// names after their person, the names decide, and that across roles too.
    pub fn may_be(&self, other: &Identity, named_sessions: &[String]) -> bool {
        if let (Some(mine), Some(theirs)) = (self.person(named_sessions), other.person(named_sessions)) {
            return mine.eq_ignore_ascii_case(theirs);
        }
        let same_role = match (self.kind(), other.kind()) {
            (Kind::Session { role: mine, .. }, Kind::Session { role: theirs, .. }) => {
                self.account == other.account && (mine == theirs || self.lasting_id() == other.lasting_id())
            }
            _ => false,
        };
        self.arn == other.arn || self.user_id == other.user_id || same_role
    }

    /// The session's name, where the account names sessions of this role after their person.
    fn person(&self, named_sessions: &[String]) -> Option<&str> {
        match self.kind() {
            Kind::Session { role, name } => named_sessions.iter().any(|like| is_like(role, like)).then_some(name),
            _ => None,
        }
    }

    /// The part of the unique id that the caller cannot choose.
    fn lasting_id(&self) -> &str {
        self.user_id.split(':').next().unwrap_or_default()
    }
}

/// Whether a text is like a pattern in which `*` stands for any characters, none included.
pub fn is_like(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        // The first place is the best one: it leaves the most for what follows.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
