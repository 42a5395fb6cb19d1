//! What no retry mends stops every worker within seconds, with one cause and without a storm of requests.

use std::collections::BTreeSet;

use tableshift_core::ErrorName;
use tableshift_tests::campaign::{Lost, Outage, Scene, Watched, old_items, watch};

/// When it is lost, in simulated milliseconds: every worker is in the midst of its work.
const FROM: i64 = 5_000;
const WORKERS: u32 = 4;
const SEGMENTS: u32 = 8;

fn watched(what: Lost) -> Watched {
    let outage = Some(Outage { what, from: FROM });
    let items = old_items(1_200, 300);
    // Short pages: what a page has journaled may be written when the bucket is lost.
    let scene = Scene { items, segments: SEGMENTS, workers: WORKERS, page: 20, ..Scene::default() };
    watch(Scene { write_units: Some(40), outage, ..scene })
}

/// Every child ends within seconds; those at work with the error itself or, told by the first, as stopped.
fn assert_stops(what: Lost, name: ErrorName) {
    let watched = watched(what);
    let ended: Vec<(i64, ErrorName)> = watched.ended.iter().filter_map(|(at, error)| Some((*at, (*error)?))).collect();
    assert_eq!(ended.len(), watched.ended.len(), "{what:?}: a child succeeded");
    let names: BTreeSet<ErrorName> = ended.iter().map(|(_, name)| *name).collect();
    assert!(names.contains(&name) && names.is_subset(&[name, ErrorName::Aborted].into()), "{what:?}: {names:?}");
    let last = ended.iter().map(|(at, _)| *at).max().expect("children end");
    assert!(last - FROM < 10_000, "{what:?}: the last ended after {} ms", last - FROM);
    // A worker in the midst of a page has up to 16 requests in flight; none is sent again.
    let refused = watched.refused;
    assert!(refused <= u64::from(SEGMENTS) * 18, "{what:?}: {refused} requests were refused");
    let late = watched.meter.writes().units(FROM + 5_000, i64::MAX);
    assert!(late == 0.0, "{what:?}: {late} units were written long after");
}

#[test]
fn a_table_that_is_gone_stops_every_worker() {
    assert_stops(Lost::Table, ErrorName::TableNotFound);
}

#[test]
fn a_permission_that_is_gone_stops_every_worker() {
    assert_stops(Lost::Permission, ErrorName::AccessDenied);
}

#[test]
fn a_key_that_cannot_be_used_stops_every_worker() {
    assert_stops(Lost::TableKey, ErrorName::AccessDenied);
    assert_stops(Lost::BucketKey, ErrorName::AccessDenied);
}

#[test]
fn a_bucket_that_is_gone_stops_every_worker_before_it_writes_what_it_cannot_journal() {
    assert_stops(Lost::Bucket, ErrorName::AccessDenied);
}

#[test]
fn credentials_that_have_expired_stop_every_worker() {
    assert_stops(Lost::Credentials, ErrorName::AccessDenied);
}
