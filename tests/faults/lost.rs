//! A permanent error stops every worker within seconds, with one cause and without a storm of requests.

use std::collections::BTreeSet;

use tableshift_core::ErrorName;
use tableshift_tests::campaign::{LostResource, Measurements, Outage, Scenario, measure};
use tableshift_tests::old_items_of_size;

/// When the outage starts, in simulated milliseconds: every worker is busy then.
const FROM: i64 = 5_000;
const WORKERS: u32 = 4;
const SEGMENTS: u32 = 8;

fn measured(lost: LostResource) -> Measurements {
    let outage = Some(Outage { lost, from: FROM });
    let items = old_items_of_size(1_200, 300);
    // Short pages: after the bucket is lost, the journaled items of a page may still be written.
    let scenario = Scenario { items, segments: SEGMENTS, workers: WORKERS, page_items: 20, ..Scenario::default() };
    measure(Scenario { write_units: Some(40), outage, ..scenario })
}

/// Asserts that every child ends within seconds, with the error itself or, after the first worker reported it, as aborted.
fn assert_stops(lost: LostResource, name: ErrorName) {
    let measured = measured(lost);
    let ended: Vec<(i64, ErrorName)> = measured.ended.iter().filter_map(|(at, error)| Some((*at, (*error)?))).collect();
    assert_eq!(ended.len(), measured.ended.len(), "{lost:?}: a child succeeded");
    let names: BTreeSet<ErrorName> = ended.iter().map(|(_, name)| *name).collect();
    assert!(names.contains(&name) && names.is_subset(&[name, ErrorName::Aborted].into()), "{lost:?}: {names:?}");
    let last = ended.iter().map(|(at, _)| *at).max().expect("children end");
    assert!(last - FROM < 10_000, "{lost:?}: the last ended after {} ms", last - FROM);
    // A worker in the middle of a page has up to 16 requests in flight. It repeats none of them.
    let refused = measured.refused;
    assert!(refused <= u64::from(SEGMENTS) * 18, "{lost:?}: {refused} requests were refused");
    let late = measured.meter.writes().units(FROM + 5_000, i64::MAX);
    assert!(late == 0.0, "{lost:?}: {late} units were written long after");
}

#[test]
fn a_deleted_table_stops_every_worker() {
    assert_stops(LostResource::Table, ErrorName::TableNotFound);
}

#[test]
fn a_lost_permission_stops_every_worker() {
    assert_stops(LostResource::Permission, ErrorName::AccessDenied);
}

#[test]
fn an_unusable_key_stops_every_worker() {
    assert_stops(LostResource::TableKey, ErrorName::AccessDenied);
    assert_stops(LostResource::BucketKey, ErrorName::AccessDenied);
}

#[test]
fn a_deleted_bucket_stops_every_worker_before_it_writes_an_item_without_a_journal_entry() {
    assert_stops(LostResource::Bucket, ErrorName::AccessDenied);
}

#[test]
fn expired_credentials_stop_every_worker() {
    assert_stops(LostResource::Credentials, ErrorName::AccessDenied);
}
