//! How gentle a run is on its table, in simulated time: measured from the capacity that the engine consumed, and when.
//!
//! A second is *above* a budget if more than 1.1 times the budget was consumed in it, wherever the second starts. A budget
//! is never exceeded for more than one second if no two consecutive seconds are above it.

use tableshift_core::ErrorName;
use tableshift_core::plan::segments::order;
use tableshift_tests::campaign::{
    Limit, LimitScope, Measurements, Meter, MeteredRequest, OperatorCommand, Scenario, ThrottleCause, keys_of_segment,
    measure,
};
use tableshift_tests::{old_item_of_size, old_items_of_size};

/// When a run has reached its rate, in simulated milliseconds.
const RUNNING: i64 = 5_000;
/// The window over which a budget must be kept, in milliseconds.
const WINDOW: i64 = 10_000;
/// Bytes of padding for an item of one write unit, and of five.
const SMALL: usize = 300;
const LARGE: usize = 4_300;

#[test]
fn a_write_budget_is_kept_within_a_tenth_over_any_ten_seconds_and_exceeded_for_one_second_at_most() {
    let scenario =
        Scenario { items: old_items_of_size(960, SMALL), segments: 12, write_units: Some(40), ..Scenario::default() };
    let measured = measure(scenario);
    assert_all_changed_once(&measured, 960);
    assert_kept(&measured.meter.writes(), RUNNING, measured.last_started, 40.0);
}

#[test]
fn a_budget_is_kept_with_short_pages() {
    let scenario = Scenario {
        items: old_items_of_size(900, SMALL),
        segments: 12,
        write_units: Some(40),
        page_items: 5,
        ..Scenario::default()
    };
    let measured = measure(scenario);
    assert_kept(&measured.meter.writes(), RUNNING, measured.last_started, 40.0);
}

#[test]
fn a_budget_is_kept_with_segments_of_a_few_items() {
    let scenario =
        Scenario { items: old_items_of_size(150, SMALL), segments: 50, write_units: Some(10), ..Scenario::default() };
    let measured = measure(scenario);
    let (writes, (_, last)) = (measured.meter.writes(), measured.meter.writes().span());
    assert!(writes.rates(0, last, WINDOW).1 <= 10.0, "{:?}", writes.rates(0, last, WINDOW));
    assert_eq!(writes.seconds_above(1.1 * 10.0, 0, last), 0);
}

#[test]
fn a_small_budget_is_kept_with_items_that_each_consume_half_a_second_of_it() {
    let scenario = Scenario { items: old_items_of_size(120, LARGE), write_units: Some(10), ..Scenario::default() };
    let measured = measure(scenario);
    assert_all_changed_once(&measured, 120);
    assert_kept(&measured.meter.writes(), RUNNING, measured.last_started, 10.0);
}

#[test]
fn a_read_budget_is_kept() {
    let scenario = Scenario {
        items: old_items_of_size(450, LARGE),
        segments: 16,
        read_units: Some(10),
        page_items: 10_000,
        ..Scenario::default()
    };
    let measured = measure(scenario);
    assert_kept(&measured.meter.reads(), RUNNING, measured.last_started, 10.0);
}

#[test]
fn the_remaining_workers_use_the_whole_budget_within_seconds() {
    // One of four segments has nearly all items, so that its worker is the only one at the end.
    let mut items = old_items_of_size(80, SMALL);
    let alone = (0..600).map(|number| old_item_of_size("person-000000", &format!("{number:04}"), SMALL));
    items.extend(alone);
    let measured = measure(Scenario { items, segments: 4, write_units: Some(40), ..Scenario::default() });
    let mut ended: Vec<i64> = measured.ended.iter().map(|(at, _)| *at).collect();
    ended.sort_unstable();
    let &[.., third, last] = &ended[..] else { panic!("four segments end") };
    assert!(last - third > WINDOW + 5_000, "{ended:?}");
    assert_kept(&measured.meter.writes(), third + 3_000, last - 500, 40.0);
}

#[test]
fn a_pause_takes_effect_within_seconds_consumes_nothing_and_loses_no_item() {
    let commands = vec![(6_000, OperatorCommand::Pause), (45_000, OperatorCommand::Resume)];
    let items = old_items_of_size(600, SMALL);
    let measured = measure(Scenario { items, write_units: Some(40), commands, ..Scenario::default() });
    let before_resumed = measured.meter.filter(|request| request.at < 45_000);
    let (_, last_write) = before_resumed.writes().span();
    assert!((5_500..8_500).contains(&last_write), "{last_write}");
    // Each child calls its worker again after twenty seconds. The worker then reads the ledger, and not the table.
    assert!(measured.waits.iter().all(|seconds| (20..=60).contains(seconds)), "{:?}", measured.waits);
    let while_paused = before_resumed.filter(|request| request.at > 9_000);
    assert!(while_paused.filter(|request| request.kind.is_some()).is_empty());
    assert!(!while_paused.is_empty() && while_paused.len() < 100, "{}", while_paused.len());
    assert_all_changed_once(&measured, 600);
}

#[test]
fn an_abort_takes_effect_within_seconds() {
    let items = old_items_of_size(600, SMALL);
    let measured = measure(Scenario {
        items,
        write_units: Some(40),
        commands: vec![(6_000, OperatorCommand::Abort)],
        ..Scenario::default()
    });
    let (_, last_write) = measured.meter.writes().span();
    assert!((5_500..8_500).contains(&last_write), "{last_write}");
    let ended = measured.ended.iter().filter(|(at, _)| *at > 8_500);
    assert!(ended.clone().all(|(_, error)| *error == Some(ErrorName::Aborted)), "{:?}", measured.ended);
}

#[test]
fn a_new_budget_takes_effect_within_seconds() {
    let commands = vec![(6_000, OperatorCommand::WriteUnits(10)), (16_000, OperatorCommand::WriteUnits(60))];
    let items = old_items_of_size(800, SMALL);
    let measured = measure(Scenario { items, segments: 4, write_units: Some(40), commands, ..Scenario::default() });
    let writes = measured.meter.writes();
    assert!((9.0..11.0).contains(&writes.rate(8_500, 16_000)), "{}", writes.rate(8_500, 16_000));
    assert!((54.0..66.0).contains(&writes.rate(18_500, 24_000)), "{}", writes.rate(18_500, 24_000));
}

#[test]
fn a_roll_back_keeps_its_budget_and_pauses_within_seconds() {
    let commands = vec![(7_000, OperatorCommand::Pause), (30_000, OperatorCommand::Resume)];
    let scenario = Scenario {
        items: old_items_of_size(240, SMALL),
        segments: 4,
        roll_back_write_units: Some(20),
        commands,
        ..Scenario::default()
    };
    let measured = measure(scenario);
    let before_resumed = measured.meter.writes().filter(|request| request.at < 30_000);
    let (_, last_write) = before_resumed.span();
    assert!((6_500..9_500).contains(&last_write), "{last_write}");
    assert!((18.0..=22.0).contains(&before_resumed.rate(4_000, 7_000)), "{}", before_resumed.rate(4_000, 7_000));
    // Each item was migrated and rolled back.
    assert!(measured.changed.len() == 240 && measured.changed.values().all(|times| *times == 2));
}

#[test]
fn a_roll_back_that_needs_several_invocations_ends_and_pays_once_for_each_item() {
    // All items are in one journal object, which takes more than a Lambda's 15 minutes.
    let scenario = Scenario {
        items: old_items_of_size(2_900, SMALL),
        segments: 1,
        page_items: 3_000,
        roll_back_write_units: Some(3),
        ..Scenario::default()
    };
    let measured = measure(scenario);
    assert_eq!(measured.ended.iter().map(|(_, error)| *error).collect::<Vec<_>>(), [None, None]);
    assert!(measured.changed.len() == 2_900 && measured.changed.values().all(|times| *times == 2));
    let (restored, already) = (measured.rolled_back.journal.restored, measured.rolled_back.journal.already_restored);
    assert_eq!(restored + already, 2_900);
    let units = measured.meter.writes().units(0, i64::MAX);
    assert!((5_800.0..5_830.0).contains(&units), "{units} write units for 2,900 items, there and back");
}

#[test]
fn a_fifth_of_all_writes_may_meet_transactions() {
    let scenario = Scenario {
        items: old_items_of_size(600, SMALL),
        contended_percent: 20,
        roll_back_write_units: Some(100),
        roll_back_again: true,
        ..Scenario::default()
    };
    let measured = measure(scenario);
    assert!(measured.ended.iter().all(|(_, error)| error.is_none()), "{:?}", measured.ended);
    assert!(measured.changed.len() == 600 && measured.changed.values().all(|times| *times == 2));
    let migrated = measured.migrated;
    assert_eq!((migrated.counts.changed, migrated.counts.conflicts, migrated.throttles.all()), (600, 0, 0));
    assert!(migrated.contentions.transaction > 100, "{:?}", migrated.contentions);
    let again = measured.rolled_back;
    assert_eq!((again.journal.restored, again.journal.already_restored, again.units.write), (0, 600, 0.0));
}

#[test]
fn a_throttled_key_range_slows_down_only_its_own_worker() {
    let items = old_items_of_size(800, SMALL);
    let first = keys_of_segment(&items, order(8, "run-1")[0], 8);
    let limit = Limit::new(LimitScope::Keys(first.clone()), ThrottleCause::KeyRange, 3.0).during(2_000..9_000);
    let measured = measure(Scenario { items, write_units: Some(40), limits: vec![limit], ..Scenario::default() });
    let writes = measured.meter.writes();
    let of_range = |request: &MeteredRequest| request.key.as_ref().is_some_and(|k| first.contains(k));
    let (range, others) = (writes.filter(of_range), writes.filter(|request| !of_range(request)));
    assert!((2.0..=4.5).contains(&range.rate(4_000, 9_000)), "{}", range.rate(4_000, 9_000));
    assert!(others.rate(2_000, 9_000) > 0.9 * 30.0, "{}", others.rate(2_000, 9_000));
    assert!(throttled_per_second(&measured, 2_000, 9_000) < 6.0);
    assert_all_changed_once(&measured, 800);
}

#[test]
fn a_throttled_table_slows_down_every_worker_and_the_rate_recovers_gradually() {
    let limit = Limit::new(LimitScope::Table, ThrottleCause::Provisioned, 30.0).during(4_000..14_000);
    let items = old_items_of_size(900, SMALL);
    let measured =
        measure(Scenario { items, segments: 4, write_units: Some(80), limits: vec![limit], ..Scenario::default() });
    let writes = measured.meter.writes();
    assert!(writes.rate(2_000, 4_000) > 70.0);
    // Each of the four workers, which wrote 20 units a second, slows down, not only the first one that was throttled.
    for segment in 0..4 {
        let own = writes.filter(|request| measured.segments[&request.invocation] == segment);
        assert!(own.rate(6_500, 14_000) < 15.0, "segment {segment}: {}", own.rate(6_500, 14_000));
    }
    assert!(writes.rate(6_500, 14_000) > 0.5 * 30.0, "{}", writes.rate(6_500, 14_000));
    assert!(
        throttled_per_second(&measured, 4_000, 14_000) < 15.0,
        "{}",
        throttled_per_second(&measured, 4_000, 14_000)
    );
    assert_all_changed_once(&measured, 900);
}

#[test]
fn an_account_limit_or_a_table_maximum_lowers_the_budget_of_the_run_for_minutes() {
    for cause in [ThrottleCause::Account, ThrottleCause::OnDemandMaximum] {
        let limit = Limit::new(LimitScope::Table, cause, 40.0).during(4_000..5_000);
        let items = old_items_of_size(700, SMALL);
        let scenario =
            Scenario { items, segments: 4, write_units: Some(80), limits: vec![limit], ..Scenario::default() };
        let measured = measure(scenario);
        let writes = measured.meter.writes();
        assert!(writes.rate(2_000, 4_000) > 70.0, "{cause:?}");
        let (least, most) = writes.rates(7_500, 12_500, 2_000);
        assert!(least > 24.0 && most < 48.0, "{cause:?}: {least} to {most}");
    }
}

#[test]
fn a_hot_partition_key_gets_the_writes_that_it_can_take_and_other_keys_continue() {
    let mut items = old_items_of_size(600, SMALL);
    items.extend((0..60).map(|number| old_item_of_size("hot", &format!("{number:04}"), SMALL)));
    let limit = Limit::new(LimitScope::Keys(vec!["hot".into()]), ThrottleCause::KeyRange, 4.0);
    // The hot key's items are on four pages, and the pages after those have other items.
    let measured =
        measure(Scenario { items, write_units: Some(60), page_items: 20, limits: vec![limit], ..Scenario::default() });
    let is_hot = |key: &Option<String>| key.as_deref() == Some("hot");
    let (hot, others) = {
        let writes = measured.meter.writes();
        (writes.filter(|request| is_hot(&request.key)), writes.filter(|request| !is_hot(&request.key)))
    };
    let ((begun, done), hot_segment) = (hot.span(), measured.segments[&hot.requests()[0].invocation]);
    // Most of the limit is used, without a constant excess of requests.
    assert!(hot.rate(begun, done) > 0.7 * 4.0, "{}", hot.rate(begun, done));
    assert!(measured.meter.throttled().len() < 25, "{}", measured.meter.throttled().len());
    let (beside, elsewhere) = {
        let beside = |request: &MeteredRequest| measured.segments[&request.invocation] == hot_segment;
        (others.filter(beside), others.filter(|request| !beside(request)))
    };
    let (_, end) = elsewhere.span();
    assert!(elsewhere.rate(begun, end - 1_000) > 0.85 * 45.0, "{}", elsewhere.rate(begun, end - 1_000));
    let after_hot = beside.filter(|request| request.at > begun).requests().len();
    assert!(after_hot > 20, "{after_hot}");
    assert!(
        beside.span().1 < begun + 8_000,
        "{:?}: the segment's other items are written long before {done}",
        beside.span()
    );
    assert_all_changed_once(&measured, 660);
}

/// Asserts that a budget is kept. Ten seconds contain one item more or less, depending on where they start.
fn assert_kept(meter: &Meter, from: i64, until: i64, budget: f64) {
    assert!(until - from > WINDOW, "the run is too short to measure: {from} to {until}");
    let (least, most) = meter.rates(from, until, WINDOW);
    let above = meter.seconds_above(1.1 * budget, from, until);
    let item = meter.requests().iter().map(|request| request.units).fold(0.0, f64::max) * 1000.0 / WINDOW as f64;
    assert!(least >= 0.9 * budget - item && most <= 1.1 * budget, "{least:.1} to {most:.1} units a second of {budget}");
    assert!(above <= 1, "above the budget for {above} consecutive seconds");
}

fn assert_all_changed_once(measured: &Measurements, items: usize) {
    assert_eq!(measured.changed.len(), items);
    assert!(measured.changed.values().all(|times| *times == 1));
    assert!(measured.ended.iter().all(|(_, error)| error.is_none()), "{:?}", measured.ended);
}

/// The average number of statements and requests that were throttled per second in this interval.
fn throttled_per_second(measured: &Measurements, from: i64, until: i64) -> f64 {
    let throttled = measured.meter.throttled().filter(|request| (from..until).contains(&request.at));
    throttled.len() as f64 * 1000.0 / (until - from) as f64
}
