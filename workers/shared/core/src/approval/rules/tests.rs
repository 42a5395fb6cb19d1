use super::*;

const ACCOUNT: &str = "111122223333";

fn user(name: &str) -> Identity {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    Identity { arn, user_id: format!("AIDA{name}"), account: ACCOUNT.into() }
}

fn started_by(identity: Option<Identity>) -> Vec<Requester> {
    let known_by = if identity.is_some() { KnownBy::Signature } else { KnownBy::Nothing };
    vec![Requester { execution: "arn:e".into(), started: String::new(), identity, known_by }]
}

fn strict() -> ApprovalRules {
    ApprovalRules::default()
}

#[test]
fn somebody_else_of_the_account_may_approve_and_the_requester_may_not() {
    let ann = started_by(Some(user("ann")));
    assert_eq!(strict().may_approve(&user("bob"), &ann, ACCOUNT), Ok(()));
    let own = strict().may_approve(&user("ann"), &ann, ACCOUNT).unwrap_err();
    assert!(matches!(own, NotEntitled::Requester { .. }), "{own}");
}

#[test]
fn who_resumed_a_run_may_not_approve_it_either() {
    let mut both = started_by(Some(user("ann")));
    both.extend(started_by(Some(user("bob"))));
    assert!(strict().may_approve(&user("bob"), &both, ACCOUNT).is_err());
    assert_eq!(strict().may_approve(&user("eve"), &both, ACCOUNT), Ok(()));
}

#[test]
fn what_an_unknown_requester_means_is_the_policy_s_to_say_and_no_is_the_default() {
    let unknown = started_by(None);
    let refused = strict().may_approve(&user("bob"), &unknown, ACCOUNT).unwrap_err();
    assert_eq!(refused, NotEntitled::RequesterUnknown("arn:e".into()));
    let lenient = ApprovalRules { unknown_requester: UnknownRequester::Allow, ..strict() };
    assert_eq!(lenient.may_approve(&user("bob"), &unknown, ACCOUNT), Ok(()));
}

#[test]
fn a_federated_user_can_neither_approve_nor_be_told_from_others() {
    let federated = |name: &str| Identity {
        arn: format!("arn:aws:sts::{ACCOUNT}:federated-user/{name}"),
        user_id: format!("{ACCOUNT}:{name}"),
        account: ACCOUNT.into(),
    };
    let ann = started_by(Some(user("ann")));
    let refused = strict().may_approve(&federated("bob"), &ann, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEntitled::Indistinct(_)), "{refused}");
    let started = started_by(Some(federated("eve")));
    let refused = strict().may_approve(&user("ann"), &started, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEntitled::RequesterUnknown(_)), "{refused}");
}

#[test]
fn anybody_with_an_account_can_sign_so_another_account_needs_to_be_named() {
    let ann = started_by(Some(user("ann")));
    let outsider = Identity {
        arn: "arn:aws:iam::999988887777:user/bob".into(),
        user_id: "AIDAX".into(),
        account: "999988887777".into(),
    };
    let refused = strict().may_approve(&outsider, &ann, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEntitled::Outsider { .. }), "{refused}");
    let named = ApprovalRules { approvers: vec!["arn:aws:iam::999988887777:user/*".into()], ..strict() };
    assert_eq!(named.may_approve(&outsider, &ann, ACCOUNT), Ok(()));
    let refused = named.may_approve(&user("bob"), &ann, ACCOUNT).unwrap_err();
    assert_eq!(refused, NotEntitled::NotListed(user("bob").arn));
}

#[test]
fn a_policy_without_rules_is_the_strict_one_and_unknown_rules_are_refused() {
    assert_eq!(serde_json::from_str::<ApprovalRules>("{}").unwrap(), strict());
    let rules: ApprovalRules = serde_json::from_str(r#"{"unknown_requester": "allow"}"#).unwrap();
    assert_eq!(rules.unknown_requester, UnknownRequester::Allow);
    assert!(serde_json::from_str::<ApprovalRules>(r#"{"unknown_requestor": "allow"}"#).is_err());
}

#[test]
fn hashes_that_differ_say_which_one_does() {
    let asked = Hashes { plan: "p", report: "r" };
    assert_eq!(asked.still(asked), Ok(()));
    assert_eq!(Hashes { plan: "q", ..asked }.still(asked).unwrap_err().what, "plan");
    assert_eq!(Hashes { report: "q", ..asked }.still(asked).unwrap_err().what, "report");
}

#[test]
fn the_word_for_what_says_who_started_is_read_as_it_is_written() {
    for known_by in [KnownBy::Signature, KnownBy::CloudTrail, KnownBy::Nothing] {
        assert_eq!(KnownBy::of(known_by.as_str()), known_by);
    }
    assert_eq!(account_of("arn:aws:states:eu-central-1:111122223333:execution:m:r"), ACCOUNT);
}
