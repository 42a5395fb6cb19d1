//! The identity of a caller as AWS confirms it, and when two callers count as the same person.
//!
//! A name in a JSON field is only a claim. The answer of GetCallerIdentity is proof: an ARN, a unique id that AWS never
//! reuses, and the account. But the caller chooses part of it: whoever assumes a role names the session, and whoever
//! requests a federation token names the federated user. This module ignores such a name unless the stage's policy says
//! that the account enforces it (IAM Identity Center does: it uses the person's name).

use serde::{Deserialize, Serialize};

/// A caller as GetCallerIdentity of STS returns it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The ARN, for example `arn:aws:sts::111122223333:assumed-role/Release/ann`.
    pub arn: String,
    /// The unique id: of a user `AIDA...`, of a session `AROA...:<session>` with the role's id in front.
    /// Source: IAM user guide, *IAM identifiers*, unique ids; STS API reference, GetCallerIdentity.
    pub user_id: String,
    /// The account's id, 12 digits.
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
        /// The role's name. The ARN of a session does not contain the role's path.
        role: &'a str,
        /// The session's name, which the caller chose.
        name: &'a str,
    },
    /// Anything else, such as a federated user: the owner of an IAM user's credentials can choose any name for it, so
    /// the caller cannot be distinguished from the user behind it.
    Other,
}

impl Identity {
    /// The kind of caller, taken from the ARN.
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

    /// Whether both callers may be the same person.
    ///
    /// They may be if their ARNs or unique ids are equal, or if both are sessions of one role: the session's name proves
    /// nothing, because the caller chooses it. If both roles match a pattern in `named_sessions` (roles whose sessions the
    /// account names after the person), the session names decide instead, also across roles.
    pub fn may_be_same_person(&self, other: &Identity, named_sessions: &[String]) -> bool {
        if let (Some(mine), Some(theirs)) = (self.person(named_sessions), other.person(named_sessions)) {
            return mine.eq_ignore_ascii_case(theirs);
        }
        let same_role = match (self.kind(), other.kind()) {
            (Kind::Session { role: mine, .. }, Kind::Session { role: theirs, .. }) => {
                self.account == other.account && (mine == theirs || self.stable_id() == other.stable_id())
            }
            _ => false,
        };
        self.arn == other.arn || self.user_id == other.user_id || same_role
    }

    /// The session's name, if the account names sessions of this role after the person.
    fn person(&self, named_sessions: &[String]) -> Option<&str> {
        match self.kind() {
            Kind::Session { role, name } => {
                named_sessions.iter().any(|like| matches_pattern(role, like)).then_some(name)
            }
            _ => None,
        }
    }

    /// The part of the unique id that the caller does not choose.
    fn stable_id(&self) -> &str {
        self.user_id.split(':').next().unwrap_or_default()
    }
}

/// Whether a string matches a pattern in which `*` stands for any number of characters, also none.
pub fn matches_pattern(text: &str, pattern: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        // The first match is always right: it leaves the most characters for the parts that follow.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn user(name: &str, id: &str) -> Identity {
        let arn = format!("arn:aws:iam::111122223333:user/{name}");
        Identity { arn, user_id: id.into(), account: "111122223333".into() }
    }

    fn session(role: &str, id: &str, name: &str) -> Identity {
        let arn = format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}");
        Identity { arn, user_id: format!("{id}:{name}"), account: "111122223333".into() }
    }

    const SSO: &str = "AWSReservedSSO_*";

    #[test]
    fn the_kind_is_read_from_the_arn() {
        let of = |arn: &str| Identity { arn: arn.into(), user_id: String::new(), account: String::new() };
        assert_eq!(of("arn:aws:iam::1:root").kind(), Kind::Root);
        assert_eq!(of("arn:aws-cn:iam::1:user/people/ann").kind(), Kind::User);
        let session = of("arn:aws:sts::1:assumed-role/Release/a:b@c");
        assert_eq!(session.kind(), Kind::Session { role: "Release", name: "a:b@c" });
        for other in ["arn:aws:sts::1:federated-user/ann", "arn:aws:sts::1:assumed-role/Release", "ann", ""] {
            assert_eq!(of(other).kind(), Kind::Other, "{other}");
        }
    }

    #[test]
    fn the_same_arn_or_the_same_unique_id_is_the_same_person() {
        assert!(user("ann", "AIDA1").may_be_same_person(&user("ann", "AIDA2"), &[]));
        assert!(user("ann", "AIDA1").may_be_same_person(&user("renamed", "AIDA1"), &[]));
        assert!(!user("ann", "AIDA1").may_be_same_person(&user("bob", "AIDA2"), &[]));
    }

    #[test]
    fn two_sessions_of_one_role_are_the_same_person_under_any_names() {
        let (ann, bob) = (session("Release", "AROA1", "ann"), session("Release", "AROA1", "bob"));
        assert!(ann.may_be_same_person(&bob, &[]));
        assert!(!ann.may_be_same_person(&session("Approve", "AROA2", "ann"), &[]));
        assert!(!ann.may_be_same_person(&user("ann", "AIDA1"), &[]));
        // A role that was deleted and created again under the same name is not a second person either.
        assert!(ann.may_be_same_person(&session("Release", "AROA9", "bob"), &[]));
    }

    #[test]
    fn roles_of_the_same_name_in_two_accounts_are_different() {
        let ann = session("Release", "AROA1", "ann");
        let mut elsewhere = session("Release", "AROA2", "ann");
        elsewhere.account = "999988887777".into();
        elsewhere.arn = elsewhere.arn.replace("111122223333", "999988887777");
        assert!(!ann.may_be_same_person(&elsewhere, &[]));
    }

    #[test]
    fn enforced_session_names_decide_within_a_role_and_across_roles() {
        let named = [SSO.to_owned()];
        let developer = |name| session("AWSReservedSSO_Developer_0a", "AROA1", name);
        let approver = |name| session("AWSReservedSSO_Approver_0b", "AROA2", name);
        assert!(!developer("ann@example.com").may_be_same_person(&developer("bob@example.com"), &named));
        assert!(developer("ann@example.com").may_be_same_person(&approver("Ann@example.com"), &named));
        // Only one of the two names is enforced: the other one proves nothing.
        assert!(!developer("ann").may_be_same_person(&session("Deploy", "AROA3", "ann"), &named));
        assert!(session("Deploy", "AROA3", "ann").may_be_same_person(&session("Deploy", "AROA3", "bob"), &named));
    }

    #[test]
    fn a_star_matches_any_characters() {
        for (text, pattern) in [("", "*"), ("", ""), ("abc", "abc"), ("abc", "a*c"), ("abcbc", "a*bc"), ("ab", "*a*b*")]
        {
            assert!(matches_pattern(text, pattern), "{text} {pattern}");
        }
        for (text, pattern) in
            [("a", ""), ("abc", "ab"), ("abc", "bc"), ("ab", "ab*b"), ("aXb", "a*c"), ("ba", "*a*b*")]
        {
            assert!(!matches_pattern(text, pattern), "{text} {pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_like_its_regular_expression(text in "[ab]{0,8}", pattern in "[ab*]{0,6}") {
            let expression = format!("^{}$", pattern.replace('*', ".*"));
            prop_assert_eq!(matches_pattern(&text, &pattern), regex::Regex::new(&expression).unwrap().is_match(&text));
        }

        #[test]
        fn being_the_same_person_is_symmetric(a in 0..6_usize, b in 0..6_usize, named in any::<bool>()) {
            let all = [
                user("ann", "AIDA1"), user("bob", "AIDA2"), session("Release", "AROA1", "ann"),
                session("Release", "AROA1", "bob"), session("AWSReservedSSO_A", "AROA2", "ann"),
                session("AWSReservedSSO_B", "AROA3", "ann"),
            ];
            let named: Vec<String> = if named { vec![SSO.to_owned()] } else { Vec::new() };
            prop_assert_eq!(all[a].may_be_same_person(&all[b], &named), all[b].may_be_same_person(&all[a], &named));
            prop_assert!(all[a].may_be_same_person(&all[a], &named));
        }
    }
}
