use super::*;
use proptest::prelude::*;

fn canary(json: serde_json::Value) -> Canary {
    serde_json::from_value(json).unwrap()
}

fn percent(percent: f64) -> Canary {
    Canary { percent: Some(percent), ..Canary::default() }
}

fn segments(segments: u32) -> Canary {
    Canary { segments: Some(segments), ..Canary::default() }
}

#[test]
fn a_canary_is_a_number_of_segments_or_a_percentage_rounded_up() {
    let size = |canary: Canary, of| canary.of(of).unwrap().segments;
    assert_eq!([size(segments(4), 64), size(segments(1), 2)], [4, 1]);
    assert_eq!([size(percent(5.0), 20), size(percent(5.0), 21), size(percent(5.0), 7)], [1, 2, 1]);
    assert_eq!([size(percent(0.1), 1000), size(percent(99.9), 10)], [1, 9]);
}

#[test]
fn by_default_a_canary_bakes_for_ten_minutes_without_an_approval() {
    assert_eq!(segments(4).of(64), Ok(CanaryPlan { segments: 4, bake_seconds: 600, approve: false }));
    let all = canary(serde_json::json!({"percent": 5, "bake": "2h", "approve": true}));
    assert_eq!(all.of(64), Ok(CanaryPlan { segments: 4, bake_seconds: 7200, approve: true }));
}

#[test]
fn an_invalid_canary_is_refused_with_its_field() {
    let bake = |bake: &str| Canary { bake: Some(bake.into()), ..segments(1) };
    let both = Canary { percent: Some(5.0), ..segments(1) };
    let refused = [
        (Canary::default(), None, "canary"),
        (both, None, "canary"),
        (segments(0), None, "canary.segments"),
        (segments(1_000_000), None, "canary.segments"),
        (segments(64), Some(64), "canary.segments"),
        (segments(1), Some(1), "canary"),
        (percent(5.0), Some(1), "canary"),
        (percent(0.0), None, "canary.percent"),
        (percent(100.0), None, "canary.percent"),
        (percent(f64::NAN), None, "canary.percent"),
        (bake("soon"), None, "canary.bake"),
        (bake("0s"), None, "canary.bake"),
        (bake("25h"), None, "canary.bake"),
    ];
    for (canary, segments, field) in refused {
        assert_eq!(canary.check(segments).unwrap_err().field(), field, "{canary:?}");
    }
    assert_eq!(bake("24h").check(Some(2)), Ok(()));
}

#[test]
fn least_segments_are_enough_for_the_size_of_the_canary() {
    let least = [segments(4), segments(1), percent(5.0), percent(30.0), percent(80.0)].map(|c| c.least_segments());
    assert_eq!(least, [8, 2, 20, 4, 2]);
    assert_eq!(percent(1e-300).least_segments(), u32::MAX);
}

#[test]
fn an_input_may_be_more_careful_than_its_stage_but_not_less() {
    let demanded = canary(serde_json::json!({"percent": 5, "bake": "30m", "approve": true}));
    let of = |asked: Option<serde_json::Value>| CanaryPlan::of(asked.map(canary).as_ref(), Some(&demanded), 100);
    let policy = CanaryPlan { segments: 5, bake_seconds: 1800, approve: true };
    assert_eq!(of(None), Ok(Some(policy)));
    assert_eq!(of(Some(serde_json::json!({"segments": 2}))), Ok(Some(CanaryPlan { segments: 2, ..policy })));
    let longer = of(Some(serde_json::json!({"percent": 1, "bake": "1h"})));
    assert_eq!(longer, Ok(Some(CanaryPlan { segments: 1, bake_seconds: 3600, approve: true })));
    for (asked, field) in [
        (serde_json::json!({"segments": 6}), "canary"),
        (serde_json::json!({"segments": 5, "bake": "29m"}), "canary.bake"),
        (serde_json::json!({"segments": 5, "approve": false}), "canary.approve"),
    ] {
        assert_eq!(of(Some(asked)).unwrap_err().field(), field);
    }
    assert_eq!(CanaryPlan::of(None, None, 1), Ok(None));
    assert_eq!(CanaryPlan::of(None, Some(&demanded), 1), Err(CanaryError::OneSegment));
}

#[test]
fn a_bake_is_written_in_its_largest_unit() {
    let bakes =
        [90, 600, 7200, 86_400].map(|bake_seconds| CanaryPlan { segments: 1, bake_seconds, approve: false }.bake());
    assert_eq!(bakes, ["90s", "10m", "2h", "24h"]);
}

proptest! {
    #[test]
    fn both_waves_always_have_segments(share in 0.0001..99.9999_f64, count in 2_u32..1_000_000) {
        let plan = percent(share).of(count).unwrap();
        prop_assert!((1..count).contains(&plan.segments));
        // At least the requested percentage, unless nothing would be left, and less than one segment more.
        let exact = f64::from(count) * share / 100.0;
        prop_assert!(f64::from(plan.segments) >= exact - 1e-6 || plan.segments == count - 1);
        prop_assert!(f64::from(plan.segments) < exact + 1.0 + 1e-6);
    }

    #[test]
    fn with_the_least_segments_a_canary_has_at_most_two(share in 0.01..50.0_f64) {
        let canary = percent(share);
        prop_assert!(canary.of(canary.least_segments()).unwrap().segments <= 2);
    }
}
