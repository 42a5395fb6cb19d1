use super::*;

const ACCOUNT: &str = "111122223333";

fn user(name: &str) -> Identity {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/{name}");
    Identity { arn, user_id: format!("AIDA{name}"), account: ACCOUNT.into() }
}

fn started_by(identity: Option<Identity>) -> Vec<Requester> {
    let callers = identity.into_iter().collect();
    vec![Requester { callers, ..Requester::unknown("arn:e", "2026-11-22T10:00:00Z") }]
}

fn strict() -> ApprovalRules {
    ApprovalRules::default()
}

#[test]
fn somebody_else_of_the_account_may_approve_and_the_requester_may_not() {
    let ann = started_by(Some(user("ann")));
    assert_eq!(strict().may_approve(&user("bob"), &ann, ACCOUNT), Ok(()));
    let own = strict().may_approve(&user("ann"), &ann, ACCOUNT).unwrap_err();
    assert!(matches!(own, NotEligible::Requester { .. }), "{own}");
}

#[test]
fn whoever_resumed_a_run_may_not_approve_it_either() {
    let mut both = started_by(Some(user("ann")));
    both.extend(started_by(Some(user("bob"))));
    assert!(strict().may_approve(&user("bob"), &both, ACCOUNT).is_err());
    assert_eq!(strict().may_approve(&user("eve"), &both, ACCOUNT), Ok(()));
}

#[test]
fn the_policy_decides_about_unknown_requesters_and_refuses_by_default() {
    let unknown = started_by(None);
    let refused = strict().may_approve(&user("bob"), &unknown, ACCOUNT).unwrap_err();
    assert_eq!(refused, NotEligible::RequesterUnknown("arn:e".into()));
    let lenient = ApprovalRules { unknown_requester: UnknownRequester::Allow, ..strict() };
    assert_eq!(lenient.may_approve(&user("bob"), &unknown, ACCOUNT), Ok(()));
}

#[test]
fn a_federated_user_cannot_approve_and_counts_as_an_unknown_requester() {
    let federated = |name: &str| Identity {
        arn: format!("arn:aws:sts::{ACCOUNT}:federated-user/{name}"),
        user_id: format!("{ACCOUNT}:{name}"),
        account: ACCOUNT.into(),
    };
    let ann = started_by(Some(user("ann")));
    let refused = strict().may_approve(&federated("bob"), &ann, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEligible::Indistinct(_)), "{refused}");
    let started = started_by(Some(federated("eve")));
    let refused = strict().may_approve(&user("ann"), &started, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEligible::RequesterUnknown(_)), "{refused}");
}

#[test]
fn an_approver_from_another_account_must_be_listed() {
    let ann = started_by(Some(user("ann")));
    let outsider = Identity {
        arn: "arn:aws:iam::999988887777:user/bob".into(),
        user_id: "AIDAX".into(),
        account: "999988887777".into(),
    };
    let refused = strict().may_approve(&outsider, &ann, ACCOUNT).unwrap_err();
    assert!(matches!(refused, NotEligible::Outsider { .. }), "{refused}");
    let named = ApprovalRules { approvers: vec!["arn:aws:iam::999988887777:user/*".into()], ..strict() };
    assert_eq!(named.may_approve(&outsider, &ann, ACCOUNT), Ok(()));
    let refused = named.may_approve(&user("bob"), &ann, ACCOUNT).unwrap_err();
    assert_eq!(refused, NotEligible::NotListed(user("bob").arn));
}

#[test]
fn a_policy_without_rules_is_the_strict_one_and_unknown_rules_are_refused() {
    assert_eq!(serde_json::from_str::<ApprovalRules>("{}").unwrap(), strict());
    let rules: ApprovalRules = serde_json::from_str(r#"{"unknown_requester": "allow"}"#).unwrap();
    assert_eq!(rules.unknown_requester, UnknownRequester::Allow);
    assert!(serde_json::from_str::<ApprovalRules>(r#"{"unknown_requestor": "allow"}"#).is_err());
}

#[test]
fn the_error_names_the_hash_that_differs() {
    let asked = Hashes { plan: "p", report: "r" };
    assert_eq!(asked.still(asked), Ok(()));
    assert_eq!(Hashes { plan: "q", ..asked }.still(asked).unwrap_err().what, "plan");
    assert_eq!(Hashes { report: "q", ..asked }.still(asked).unwrap_err().what, "report");
}

#[test]
fn the_account_is_read_from_an_arn() {
    assert_eq!(account_of("arn:aws:states:eu-central-1:111122223333:execution:m:r"), ACCOUNT);
}

fn foreigner() -> Identity {
    let arn = "arn:aws:iam::999988887777:user/ann-at-home".to_owned();
    Identity { arn, user_id: "AIDAHOME".into(), account: "999988887777".into() }
}

#[test]
fn a_signer_and_every_caller_are_requesters_and_none_of_them_may_approve() {
    let requester = Requester {
        signer: Some(foreigner()),
        callers: vec![user("ann"), user("ci")],
        ..Requester::unknown("arn:e", "2026-11-22T10:00:00Z")
    };
    for name in ["ann", "ci"] {
        let refused = strict().may_approve(&user(name), std::slice::from_ref(&requester), ACCOUNT).unwrap_err();
        assert!(matches!(refused, NotEligible::Requester { .. }), "{refused}");
    }
    assert_eq!(strict().may_approve(&user("bob"), &[requester], ACCOUNT), Ok(()));
}

#[test]
fn a_signature_alone_does_not_show_who_made_the_call() {
    let signed = Requester { signer: Some(user("ann")), ..Requester::unknown("arn:e", "2026-11-22T10:00:00Z") };
    let refused = strict().may_approve(&user("bob"), std::slice::from_ref(&signed), ACCOUNT).unwrap_err();
    assert_eq!(refused, NotEligible::RequesterUnknown("arn:e".into()));
    let lenient = ApprovalRules { unknown_requester: UnknownRequester::Allow, ..strict() };
    assert_eq!(lenient.may_approve(&user("bob"), std::slice::from_ref(&signed), ACCOUNT), Ok(()));
    assert!(lenient.may_approve(&user("ann"), &[signed], ACCOUNT).is_err());
}

#[test]
fn only_a_listed_identity_of_another_account_may_sign_a_start() {
    assert!(strict().may_sign_start(&user("ann"), ACCOUNT));
    assert!(!strict().may_sign_start(&foreigner(), ACCOUNT));
    let listed = ApprovalRules { foreign_requesters: vec!["arn:aws:iam::999988887777:user/*".into()], ..strict() };
    assert!(listed.may_sign_start(&foreigner(), ACCOUNT));
}

#[test]
fn an_approval_is_decidable_once_the_records_of_the_last_start_are_delivered() {
    let at = |text: &str| Requester::unknown("arn:e", text);
    let both = [at("2026-11-22T10:00:00Z"), at("2026-11-22T11:00:00Z")];
    let expected: Timestamp = "2026-11-22T11:15:00Z".parse().unwrap();
    assert_eq!(strict().decidable_from(&both), Some(expected.as_second()));
    let lenient = ApprovalRules { unknown_requester: UnknownRequester::Allow, ..strict() };
    assert_eq!(lenient.decidable_from(&both), None);
}

#[test]
fn default_rules_are_serialized_as_before_the_new_fields() {
    let json = serde_json::to_string(&strict()).unwrap();
    assert_eq!(json, r#"{"unknown_requester":"refuse","approvers":[],"named_sessions":[]}"#);
}

#[test]
fn each_requester_is_listed_once_and_the_unknown_ones_together() {
    let mut requesters = started_by(None);
    requesters.extend([started_by(Some(user("ann"))), started_by(None), started_by(Some(user("ann")))].concat());
    let ann = user("ann").arn;
    assert_eq!(requester_arns(&requesters), [None, Some(ann.as_str())]);
    assert!(requester_arns(&[]).is_empty());
}
