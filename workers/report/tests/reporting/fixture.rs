//! A realistic run: an address becomes a map, on a table with about 48,000 items.

use serde_json::{Value, json};
use tableshift_core::control::throttle::Throttles;
use tableshift_core::item::table::Table;
use tableshift_core::language::document::Document;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::plan::settings::input::Input;
use tableshift_core::plan::settings::policy::{DryRunSource, OnBadVerdict, Policy};
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::{Counts, Finding, JournalCounts, Partial, Sample, Tally, Units};

const MIGRATION: &str = r"
id: 20261122-split-address
description: address becomes addressDetails {street, city, state}, and zip becomes postalCode
where: has(item.address) && !has(item.addressDetails)
change:
  - set: addressDetails
    to: extract(item.address, r'^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$')
  - rename: { from: zip, to: postalCode }
  - remove: address
  - set: version
    to: 2
check: has(item.addressDetails.city) && item.version == 2
";

pub const RUN: &str = "release-2026-11-22-0815";

/// The plan of a production run in four segments.
pub fn plan() -> RunPlan {
    let input = json!({
        "migration": "20261122-split-address", "table": "prod-main-table", "segments": 4,
        "window": { "days": ["mon", "tue", "wed", "thu"], "from": "22:00", "to": "04:00", "time_zone": "Europe/Berlin" },
    });
    let facts = Facts {
        run: RUN.into(),
        stage: "prod".into(),
        bucket: "tableshift-prod-files".into(),
        input: Input::parse(&input).unwrap(),
        table: table(),
        migration: Document::from_yaml(MIGRATION).unwrap(),
        policy: policy(),
        locked_at: 1_795_335_300_000,
    };
    RunPlan::of(facts).unwrap()
}

fn table() -> Table {
    Table {
        name: "prod-main-table".into(),
        arn: "arn:aws:dynamodb:eu-central-1:111122223333:table/prod-main-table".into(),
        status: "ACTIVE".into(),
        keys: vec!["pk".into(), "sk".into()],
        index_keys: [("postalCode".to_owned(), "S".to_owned())].into(),
        items: 48_211,
        bytes: 31_337_000,
        time_to_live: None,
        point_in_time_recovery: true,
        replicas: 1,
        indexes: 2,
        write_limit: None,
        read_limit: None,
        stream: true,
    }
}

fn policy() -> Policy {
    Policy {
        point_in_time_recovery: true,
        back_up: true,
        dry_run_source: DryRunSource::Export,
        canary: None,
        approve: true,
        approval: tableshift_core::approval::rules::ApprovalRules::default(),
        verify: true,
        approval_timeout_seconds: 86_400,
        on_bad_verdict: OnBadVerdict::Hold,
        max_concurrency: 10,
        max_segments: 1000,
        write_units_per_second: Some(tableshift_core::plan::settings::rate::Rate::Units(400)),
        read_units_per_second: None,
        invalid_items: 5,
        invalid_percent: 0.0,
        lease_seconds: 900,
    }
}

/// The results of a phase, one for each segment. The last one has all counts.
pub fn partials(phase: Phase, counts: Counts, journal: JournalCounts) -> Vec<Partial> {
    let mut last = Tally { counts, journal, ..Tally::default() };
    match phase {
        Phase::DryRun => {
            last.change_units = 14_902;
            last.samples = (0..6).map(sample).collect();
        }
        Phase::Migrate => {
            last.units = Units { read: 3_825.5, write: 29_771.0 };
            last.retries = 37;
            last.throttles = Throttles { key_range: 12, on_demand_maximum: 1, ..Throttles::default() };
            last.contentions.transaction = 5;
        }
        Phase::Verify => last.units = Units { read: 7_651.0, write: 0.0 },
        Phase::RollBack => last.units = Units { read: 0.0, write: 29_760.0 },
    }
    let empty = |segment| partial(phase, segment, Tally::default());
    let mut partials: Vec<_> = (0..3).map(empty).collect();
    partials.push(partial(phase, 3, last));
    partials
}

/// The result of one segment.
pub fn partial(phase: Phase, segment: u32, tally: Tally) -> Partial {
    Partial { phase, part: segments::name(segment), done: true, tally }
}

/// The report of the dry run.
pub fn dry_run(plan: &RunPlan) -> Report {
    let mut report = Report::new(plan, Phase::DryRun);
    let counts = Counts {
        scanned: 48_211,
        changed: 12_480,
        already_done: 1_204,
        not_matched: 34_524,
        invalid: 3,
        ..Counts::default()
    };
    let mut partials = partials(Phase::DryRun, counts, JournalCounts::default());
    partials[3].tally.findings = ["41207", "41311", "47002"].map(finding).into();
    report.fold(Phase::DryRun, 4, partials, plan.invalid_items);
    report
}

/// The report of a run during which old code still wrote to the table.
pub fn verified(plan: &RunPlan) -> Report {
    let mut report = dry_run(plan);
    let counts = Counts {
        scanned: 48_260,
        changed: 12_482,
        already_done: 1_204,
        not_matched: 34_571,
        invalid: 3,
        ..Counts::default()
    };
    let journal = JournalCounts { journaled: 12_519, not_written: 37, ..JournalCounts::default() };
    report.fold(Phase::Migrate, 4, partials(Phase::Migrate, counts, journal), plan.invalid_items);
    let counts = Counts {
        scanned: 48_272,
        changed: 12_474,
        already_done: 1_204,
        not_matched: 34_564,
        invalid: 3,
        late: 27,
        ..Counts::default()
    };
    let journal = JournalCounts { as_written: 12_391, changed_since: 83, gone: 8, ..JournalCounts::default() };
    let mut partials = partials(Phase::Verify, counts, journal);
    partials[3].tally.findings = (0..20).map(|n| late(48_300 + n)).collect();
    report.fold(Phase::Verify, 4, partials, plan.invalid_items);
    report
}

/// The report of the same run after its roll-back.
pub fn rolled_back(plan: &RunPlan) -> Report {
    let mut report = verified(plan);
    let counts = Counts { scanned: 12_482, ..Counts::default() };
    let journal = JournalCounts { restored: 12_391, spared: 83, gone: 8, ..JournalCounts::default() };
    report.fold(Phase::RollBack, 4, partials(Phase::RollBack, counts, journal), plan.invalid_items);
    report
}

fn sample(number: usize) -> Sample {
    let places = [
        ("14 Elm Street", "Springfield", "IL"),
        ("2210 Grand Avenue, Building C", "Des Moines", "IA"),
        ("9 Harbor Road", "Portland", "ME"),
    ];
    let (street, city, state) = places[number % places.len()];
    let value = json!({
        "key": { "pk": { "S": format!("CUSTOMER#{:05}", 100 + number * 37) }, "sk": { "S": "PROFILE" } },
        "before": {
            "address": { "S": format!("{street}, {city}, {state}") }, "addressDetails": null,
            "zip": { "S": format!("{:05}", 4101 + number) }, "postalCode": null, "version": { "N": "1" },
        },
        "after": {
            "address": null,
            "addressDetails": { "M": { "street": { "S": street }, "city": { "S": city }, "state": { "S": state } } },
            "zip": null, "postalCode": { "S": format!("{:05}", 4101 + number) }, "version": { "N": "2" },
        },
    });
    serde_json::from_value(value).unwrap()
}

fn finding(customer: &str) -> Finding {
    finding_for(customer, "step 1: `extract` found no match of its pattern")
}

fn late(customer: u32) -> Finding {
    finding_for(&customer.to_string(), "it is in the old shape")
}

fn finding_for(customer: &str, reason: &str) -> Finding {
    let key: Value = json!({ "pk": { "S": format!("CUSTOMER#{customer}") }, "sk": { "S": "PROFILE" } });
    Finding { key: serde_json::from_value(key).unwrap(), reason: reason.into() }
}
