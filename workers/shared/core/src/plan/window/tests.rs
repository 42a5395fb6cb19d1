use super::*;
use proptest::prelude::*;
use serde_json::json;

fn window(days: &[Day], from: &str, to: &str, zone: &str) -> Window {
    Window { days: days.to_vec(), from: from.into(), to: to.into(), time_zone: zone.into() }
}

fn state(window: &Window, now: &str) -> (bool, String) {
    let state = window.state(now.parse().unwrap()).unwrap();
    (state.open, state.until.to_string())
}

#[test]
fn days_and_zone_have_defaults_and_unknown_fields_are_refused() {
    let short: Window = serde_json::from_value(json!({"from": "22:00", "to": "04:00"})).unwrap();
    assert_eq!(short, window(&Day::all(), "22:00", "04:00", "UTC"));
    let odd = json!({"from": "22:00", "to": "04:00", "zone": "UTC"});
    let error = serde_json::from_value::<Window>(odd).unwrap_err();
    assert!(error.to_string().contains("zone"), "{error}");
}

#[test]
fn an_error_names_the_field() {
    let error = |window: Window| window.check().unwrap_err().to_string();
    let zone = error(window(&[Day::Mon], "01:00", "02:00", "Europe/Atlantis"));
    assert_eq!(zone, "window.time_zone is \"Europe/Atlantis\": write an IANA time zone, such as Europe/Berlin");
    for from in ["24:00", "1:00", "01:60", "+1:00", "01", "0a:00", "01:00:00", ""] {
        let error = error(window(&[Day::Mon], from, "02:00", "UTC"));
        assert!(error.starts_with("window.from is "), "{error}");
    }
    assert!(error(window(&[], "01:00", "02:00", "UTC")).starts_with("window.days "));
    assert!(error(window(&[Day::Mon], "01:00", "01:00", "UTC")).starts_with("window.to "));
}

#[test]
fn a_window_opens_and_closes_on_its_days() {
    // 2026-11-21 is a Saturday.
    let weekend = window(&[Day::Sat, Day::Sun], "08:00", "12:00", "UTC");
    assert_eq!(state(&weekend, "2026-11-20T09:00:00Z"), (false, "2026-11-21T08:00:00Z".into()));
    assert_eq!(state(&weekend, "2026-11-21T08:00:00Z"), (true, "2026-11-21T12:00:00Z".into()));
    assert_eq!(state(&weekend, "2026-11-21T12:00:00Z"), (false, "2026-11-22T08:00:00Z".into()));
    assert_eq!(state(&weekend, "2026-11-22T13:00:00Z"), (false, "2026-11-28T08:00:00Z".into()));
}

#[test]
fn a_night_belongs_to_the_day_on_which_it_starts() {
    let friday_night = window(&[Day::Fri], "22:00", "04:00", "UTC");
    assert_eq!(state(&friday_night, "2026-11-21T03:59:59Z"), (true, "2026-11-21T04:00:00Z".into()));
    assert_eq!(state(&friday_night, "2026-11-20T03:00:00Z"), (false, "2026-11-20T22:00:00Z".into()));
}

#[test]
fn a_whole_day_lasts_until_midnight() {
    let sunday = window(&[Day::Sun], "00:00", "24:00", "Europe/Berlin");
    assert_eq!(state(&sunday, "2026-11-22T22:59:59Z"), (true, "2026-11-22T23:00:00Z".into()));
}

#[test]
fn times_follow_the_local_clock_in_summer_and_winter() {
    let night = window(&Day::all(), "01:00", "04:00", "Europe/Berlin");
    // Clocks go forward at 02:00 on 2026-03-29: the night has two hours.
    assert_eq!(state(&night, "2026-03-29T00:00:00Z"), (true, "2026-03-29T02:00:00Z".into()));
    // Clocks go back at 03:00 on 2026-10-25: it has four.
    assert_eq!(state(&night, "2026-10-24T23:00:00Z"), (true, "2026-10-25T03:00:00Z".into()));
    assert_eq!(state(&night, "2026-10-25T03:00:00Z"), (false, "2026-10-26T00:00:00Z".into()));
}

#[test]
fn a_skipped_time_moves_forward_and_a_repeated_one_is_the_first() {
    let gap = window(&[Day::Sun], "02:30", "05:00", "Europe/Berlin");
    assert_eq!(state(&gap, "2026-03-29T00:59:00Z"), (false, "2026-03-29T01:30:00Z".into()));
    let fold = window(&[Day::Sun], "01:00", "02:30", "Europe/Berlin");
    assert_eq!(state(&fold, "2026-10-25T00:00:00Z"), (true, "2026-10-25T00:30:00Z".into()));
    assert!(!state(&fold, "2026-10-25T01:15:00Z").0);
}

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];

fn any_window() -> impl Strategy<Value = Window> {
    let days = proptest::sample::subsequence(Day::all(), 1..=7);
    let clock = (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
    let to = prop_oneof![9 => clock.clone(), 1 => Just("24:00".to_owned())];
    (days, clock, to, 0..ZONES.len())
        .prop_map(|(days, from, to, zone)| window(&days, &from, &to, ZONES[zone]))
        .prop_filter("a window closes", |window| window.from != window.to)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

proptest! {
    #[test]
    fn a_state_lasts_until_its_end(
        window in any_window(),
        // From 2000 to 2100.
        now in 946_684_800_i64..4_102_444_800,
        part in 0.0..1.0_f64,
    ) {
        let state = window.state(at(now)).unwrap();
        let until = state.until.as_second();
        prop_assert!(until > now);
        prop_assert!(until - now <= 16 * 86_400);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let between = now + ((until - 1 - now) as f64 * part) as i64;
        prop_assert_eq!(window.state(at(between)).unwrap(), state);
        if !state.open {
            prop_assert!(window.state(at(until)).unwrap().open);
        }
    }

    #[test]
    fn without_clock_changes_the_local_time_decides(
        window in any_window(),
        now in 946_684_800_i64..4_102_444_800,
    ) {
        let window = Window { time_zone: "UTC".into(), ..window };
        let wall = at(now).to_zoned(TimeZone::UTC);
        let clock = wall.strftime("%H:%M").to_string();
        let today = window.days.contains(&Day::of(wall.weekday()));
        let yesterday = window.days.contains(&Day::of(wall.weekday().previous()));
        let expected = if window.from < window.to {
            today && window.from <= clock && clock < window.to
        } else {
            (today && window.from <= clock) || (yesterday && clock < window.to)
        };
        prop_assert_eq!(window.state(at(now)).unwrap().open, expected);
    }
}
