//! How gentle a run is on its table, in simulated time: measured from what the engine consumed, and when.
//!
//! *Above* a budget is a second in which more than 1.1 times of it was consumed, wherever the second begins; a budget is
//! never exceeded for more than one second if no two seconds that follow each other are above it.

use tableshift_core::ErrorName;
use tableshift_core::plan::segments::order;
use tableshift_tests::campaign::{
    Cause, Limit, Meter, On, Order, Scene, Spent, Watched, keys_of_segment, old_item, old_items, watch,
};

/// When a run is at its rate, in simulated milliseconds.
const RUNNING: i64 = 5_000;
/// The window in which a budget is kept, in milliseconds.
const WINDOW: i64 = 10_000;
/// Bytes that make an item of one write unit, and of five.
const SMALL: usize = 300;
const LARGE: usize = 4_300;

#[test]
fn a_write_budget_is_kept_within_a_tenth_over_any_ten_seconds_and_never_exceeded_for_longer_than_one() {
    let scene = Scene { items: old_items(960, SMALL), segments: 12, write_units: Some(40), ..Scene::default() };
    let watched = watch(scene);
    assert_all_changed_once(&watched, 960);
    assert_kept(&watched.meter.writes(), RUNNING, watched.last_begun, 40.0);
}

#[test]
fn short_pages_do_not_loosen_the_budget() {
    let scene =
        Scene { items: old_items(900, SMALL), segments: 12, write_units: Some(40), page: 5, ..Scene::default() };
    let watched = watch(scene);
    assert_kept(&watched.meter.writes(), RUNNING, watched.last_begun, 40.0);
}

#[test]
fn segments_of_a_few_items_do_not_loosen_the_budget() {
    let scene = Scene { items: old_items(150, SMALL), segments: 50, write_units: Some(10), ..Scene::default() };
    let watched = watch(scene);
    let (writes, (_, last)) = (watched.meter.writes(), watched.meter.writes().span());
    assert!(writes.rates(0, last, WINDOW).1 <= 10.0, "{:?}", writes.rates(0, last, WINDOW));
    assert_eq!(writes.seconds_above(1.1 * 10.0, 0, last), 0);
}

#[test]
fn a_small_budget_is_kept_with_items_that_consume_half_of_a_second() {
    let scene = Scene { items: old_items(120, LARGE), write_units: Some(10), ..Scene::default() };
    let watched = watch(scene);
    assert_all_changed_once(&watched, 120);
    assert_kept(&watched.meter.writes(), RUNNING, watched.last_begun, 10.0);
}

#[test]
fn a_read_budget_is_kept_as_well() {
    let scene =
        Scene { items: old_items(450, LARGE), segments: 16, read_units: Some(10), page: 10_000, ..Scene::default() };
    let watched = watch(scene);
    assert_kept(&watched.meter.reads(), RUNNING, watched.last_begun, 10.0);
}

#[test]
fn workers_that_are_left_take_over_what_others_leave_within_seconds() {
    // One segment in four holds nearly everything, so that its worker is alone at the end.
    let mut items = old_items(80, SMALL);
    let alone = (0..600).map(|number| old_item("person-000000", &format!("{number:04}"), SMALL));
    items.extend(alone);
    let watched = watch(Scene { items, segments: 4, write_units: Some(40), ..Scene::default() });
    let mut ended: Vec<i64> = watched.ended.iter().map(|(at, _)| *at).collect();
    ended.sort_unstable();
    let &[.., third, last] = &ended[..] else { panic!("four segments end") };
    assert!(last - third > WINDOW + 5_000, "{ended:?}");
    assert_kept(&watched.meter.writes(), third + 3_000, last - 500, 40.0);
}

#[test]
fn pausing_takes_effect_within_seconds_costs_nothing_and_loses_nothing() {
    let orders = vec![(6_000, Order::Pause), (45_000, Order::Resume)];
    let items = old_items(600, SMALL);
    let watched = watch(Scene { items, write_units: Some(40), orders, ..Scene::default() });
    let before_resumed = watched.meter.only(|spent| spent.at < 45_000);
    let (_, last_write) = before_resumed.writes().span();
    assert!((5_500..8_500).contains(&last_write), "{last_write}");
    // Each child that came back has left, and asks again every twenty seconds: what to do, and nothing of the table.
    assert!(watched.waits.iter().all(|seconds| (20..=60).contains(seconds)), "{:?}", watched.waits);
    let while_paused = before_resumed.only(|spent| spent.at > 9_000);
    assert!(while_paused.only(|spent| spent.what.is_some()).is_empty());
    assert!(!while_paused.is_empty() && while_paused.len() < 100, "{}", while_paused.len());
    assert_all_changed_once(&watched, 600);
}

#[test]
fn stopping_takes_effect_within_seconds() {
    let items = old_items(600, SMALL);
    let watched = watch(Scene { items, write_units: Some(40), orders: vec![(6_000, Order::Stop)], ..Scene::default() });
    let (_, last_write) = watched.meter.writes().span();
    assert!((5_500..8_500).contains(&last_write), "{last_write}");
    let ended = watched.ended.iter().filter(|(at, _)| *at > 8_500);
    assert!(ended.clone().all(|(_, error)| *error == Some(ErrorName::Aborted)), "{:?}", watched.ended);
}

#[test]
fn a_new_budget_takes_effect_within_seconds() {
    let orders = vec![(6_000, Order::WriteUnits(10)), (16_000, Order::WriteUnits(60))];
    let items = old_items(800, SMALL);
    let watched = watch(Scene { items, segments: 4, write_units: Some(40), orders, ..Scene::default() });
    let writes = watched.meter.writes();
    assert!((9.0..11.0).contains(&writes.rate(8_500, 16_000)), "{}", writes.rate(8_500, 16_000));
    assert!((54.0..66.0).contains(&writes.rate(18_500, 24_000)), "{}", writes.rate(18_500, 24_000));
}

#[test]
fn the_way_back_keeps_its_budget_and_pauses_within_seconds() {
    let orders = vec![(7_000, Order::Pause), (30_000, Order::Resume)];
    let scene = Scene { items: old_items(240, SMALL), segments: 4, back: Some(20), orders, ..Scene::default() };
    let watched = watch(scene);
    let before_resumed = watched.meter.writes().only(|spent| spent.at < 30_000);
    let (_, last_write) = before_resumed.span();
    assert!((6_500..9_500).contains(&last_write), "{last_write}");
    assert!((18.0..=22.0).contains(&before_resumed.rate(4_000, 7_000)), "{}", before_resumed.rate(4_000, 7_000));
    // There and back again.
    assert!(watched.changed.len() == 240 && watched.changed.values().all(|times| *times == 2));
}

#[test]
fn a_throttled_key_range_slows_its_own_worker_only() {
    let items = old_items(800, SMALL);
    let first = keys_of_segment(&items, order(8, "run-1")[0], 8);
    let limit = Limit::new(On::Keys(first.clone()), Cause::KeyRange, 3.0).during(2_000..9_000);
    let watched = watch(Scene { items, write_units: Some(40), limits: vec![limit], ..Scene::default() });
    let writes = watched.meter.writes();
    let of_range = |spent: &Spent| spent.key.as_ref().is_some_and(|k| first.contains(k));
    let (range, others) = (writes.only(of_range), writes.only(|spent| !of_range(spent)));
    assert!((2.0..=4.5).contains(&range.rate(4_000, 9_000)), "{}", range.rate(4_000, 9_000));
    assert!(others.rate(2_000, 9_000) > 0.9 * 30.0, "{}", others.rate(2_000, 9_000));
    assert!(refused_a_second(&watched, 2_000, 9_000) < 6.0);
    assert_all_changed_once(&watched, 800);
}

#[test]
fn a_throttled_table_slows_every_worker_and_the_rate_comes_back_gradually() {
    let limit = Limit::new(On::Table, Cause::Provisioned, 30.0).during(4_000..14_000);
    let items = old_items(900, SMALL);
    let watched = watch(Scene { items, segments: 4, write_units: Some(80), limits: vec![limit], ..Scene::default() });
    let writes = watched.meter.writes();
    assert!(writes.rate(2_000, 4_000) > 70.0);
    // Each of the four, which had 20, slows down, not only the one that met the throttle first.
    for segment in 0..4 {
        let own = writes.only(|spent| watched.segments[&spent.invocation] == segment);
        assert!(own.rate(6_500, 14_000) < 15.0, "segment {segment}: {}", own.rate(6_500, 14_000));
    }
    assert!(writes.rate(6_500, 14_000) > 0.5 * 30.0, "{}", writes.rate(6_500, 14_000));
    assert!(refused_a_second(&watched, 4_000, 14_000) < 15.0, "{}", refused_a_second(&watched, 4_000, 14_000));
    assert_all_changed_once(&watched, 900);
}

#[test]
fn a_limit_of_the_account_or_the_table_s_maximum_lowers_the_run_s_budget_for_minutes() {
    for cause in [Cause::Account, Cause::OnDemandMaximum] {
        let limit = Limit::new(On::Table, cause, 40.0).during(4_000..5_000);
        let items = old_items(700, SMALL);
        let scene = Scene { items, segments: 4, write_units: Some(80), limits: vec![limit], ..Scene::default() };
        let watched = watch(scene);
        let writes = watched.meter.writes();
        assert!(writes.rate(2_000, 4_000) > 70.0, "{cause:?}");
        let (least, most) = writes.rates(7_500, 12_500, 2_000);
        assert!(least > 24.0 && most < 48.0, "{cause:?}: {least} to {most}");
    }
}

#[test]
fn a_hot_partition_key_takes_what_it_can_and_the_others_go_on() {
    let mut items = old_items(600, SMALL);
    items.extend((0..60).map(|number| old_item("hot", &format!("{number:04}"), SMALL)));
    let limit = Limit::new(On::Keys(vec!["hot".into()]), Cause::KeyRange, 4.0);
    // Its items are on four pages, and the pages after those hold others.
    let watched = watch(Scene { items, write_units: Some(60), page: 20, limits: vec![limit], ..Scene::default() });
    let is_hot = |key: &Option<String>| key.as_deref() == Some("hot");
    let (hot, others) = {
        let writes = watched.meter.writes();
        (writes.only(|spent| is_hot(&spent.key)), writes.only(|spent| !is_hot(&spent.key)))
    };
    let ((begun, done), hot_segment) = (hot.span(), watched.segments[&hot.all()[0].invocation]);
    // All of the limit that can be had without asking for more of it all the time.
    assert!(hot.rate(begun, done) > 0.7 * 4.0, "{}", hot.rate(begun, done));
    assert!(watched.meter.refused().len() < 25, "{}", watched.meter.refused().len());
    let (beside, elsewhere) = {
        let beside = |spent: &Spent| watched.segments[&spent.invocation] == hot_segment;
        (others.only(beside), others.only(|spent| !beside(spent)))
    };
    let (_, end) = elsewhere.span();
    assert!(elsewhere.rate(begun, end - 1_000) > 0.85 * 45.0, "{}", elsewhere.rate(begun, end - 1_000));
    let after_hot = beside.only(|spent| spent.at > begun).all().len();
    assert!(after_hot > 20, "{after_hot}");
    assert!(beside.span().1 < begun + 8_000, "{:?}: the others of the segment end long before {done}", beside.span());
    assert_all_changed_once(&watched, 660);
}

/// Holds that a budget is kept. Ten seconds hold one item more or less, depending on where they begin.
fn assert_kept(meter: &Meter, from: i64, until: i64, budget: f64) {
    assert!(until - from > WINDOW, "the run is too short to tell: {from} to {until}");
    let (least, most) = meter.rates(from, until, WINDOW);
    let above = meter.seconds_above(1.1 * budget, from, until);
    let item = meter.all().iter().map(|spent| spent.units).fold(0.0, f64::max) * 1000.0 / WINDOW as f64;
    assert!(least >= 0.9 * budget - item && most <= 1.1 * budget, "{least:.1} to {most:.1} units a second of {budget}");
    assert!(above <= 1, "above the budget for {above} seconds on end");
}

fn assert_all_changed_once(watched: &Watched, items: usize) {
    assert_eq!(watched.changed.len(), items);
    assert!(watched.changed.values().all(|times| *times == 1));
    assert!(watched.ended.iter().all(|(_, error)| error.is_none()), "{:?}", watched.ended);
}

/// How many statements and requests were throttled in a second, on the average of this stretch of time.
fn refused_a_second(watched: &Watched, from: i64, until: i64) -> f64 {
    let refused = watched.meter.refused().only(|spent| (from..until).contains(&spent.at));
    refused.len() as f64 * 1000.0 / (until - from) as f64
}
