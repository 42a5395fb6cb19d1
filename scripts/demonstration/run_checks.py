"""Checks a run after it has ended: compares its report with DynamoDB, S3 and Step Functions."""

import json
from dataclasses import dataclass
from typing import Any

from rich.console import Console

import output
from airports import KEY, Item, expected_item
from checklist import Checklist
from evidence import (
    RunFolder,
    Writes,
    child_segments,
    count_journaled_first,
    count_writes,
    is_after,
    read_export,
    read_journal,
)
from execution import Execution
from output import quantity
from table import Stream, scan


@dataclass
class CheckedRun:
    """A run, what it left, its table, and the items that were loaded into the table before."""

    console: Console
    checklist: Checklist
    dynamodb: Any
    table: str
    stream: Stream
    source: list[Item]
    execution: Execution
    folder: RunFolder

    @property
    def items(self) -> int:
        """How many items were loaded."""
        return len(self.source)


def check_migration(run: CheckedRun) -> None:
    """Prints and checks everything about the execution that migrated the table."""
    report = run.folder.read_json("report.json")
    output.heading(run.console, "The dry run's report, written before any change to the table")
    output.dry_run(run.console, report)
    check_dry_run(run, report["phases"]["dry-run"]["counts"])
    output.heading(run.console, "The verdicts")
    output.verdict(run.console, report["phases"]["dry-run"], "dry run")
    output.verdict(run.console, report["phases"]["verify"], "verification")
    check_counts(run, report["phases"])
    output.heading(run.console, "Independent checks, which do not rely on the report")
    writes = count_writes(run.stream.new_records())
    check_table(run, writes)
    check_backup(run, writes)
    check_journal(run, writes)
    check_segments(run)
    output.heading(run.console, "What the run left in S3")
    output.folder_contents(run.console, run.folder)


def check_dry_run(run: CheckedRun, counts: dict[str, int]) -> None:
    """Checks the export, and that the dry run read all of it."""
    checklist, items, export = run.checklist, run.items, read_export(run.folder)
    checklist.check(export is not None, "the export's manifests are in S3")
    if export:
        claim = f"the manifests list {quantity(export.files, 'file')} with {items:,} items"
        checklist.check_equal((export.items, export.items_in_files), (items, items), claim)
        children = run.execution.map_runs()["DryRun"]["itemCounts"]["succeeded"]
        claim = f"{quantity(children, 'child', 'children')} of the Map Run DryRun read one file each"
        checklist.check_equal(children, export.files, claim)
    claim = f"{items:,} loaded = {items:,} scanned by the dry run = {items:,} that it would change"
    checklist.check_equal((counts["scanned"], counts["changed"]), (items, items), claim)


def check_counts(run: CheckedRun, phases: dict[str, Any]) -> None:
    """Checks that the counts of the phases agree."""
    checklist, items = run.checklist, run.items
    counts = phases["migrate"]["counts"]
    claim = f"{items:,} loaded = {items:,} scanned = {items:,} changed"
    checklist.check_equal((counts["scanned"], counts["changed"]), (items, items), claim)
    verified, journal = phases["verify"]["counts"], phases["verify"]["journal"]
    claim = f"{items:,} changed = {items:,} scanned by the verification = {items:,} as the run wrote them"
    checklist.check_equal((verified["scanned"], journal["as_written"]), (items, items), claim)
    faults = (verified["late"], verified["invalid"], journal["check_failed"])
    checklist.check_equal(faults, (0, 0, 0), "0 late, 0 invalid, 0 that fail the migration's check")


def check_table(run: CheckedRun, writes: Writes) -> None:
    """Checks every item, and how often it was written."""
    expected = {item[KEY]["S"]: expected_item(item) for item in run.source}
    wrong = sum(expected.pop(item[KEY]["S"], None) != item for item in scan(run.dynamodb, run.table))
    claim = "every item equals what the demo itself computes from the airport"
    run.checklist.check_equal(wrong + len(expected), 0, claim)
    claim = f"DynamoDB's stream has {run.items:,} writes, one per item"
    found = (writes.times.total(), set(writes.times.values()))
    run.checklist.check_equal(found, (run.items, {1}), claim)


def check_backup(run: CheckedRun, writes: Writes) -> None:
    """Checks the on-demand backup."""
    arn = json.loads(run.execution.describe()["output"])["backup"]["arn"]
    backup = run.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
    claim = f"DescribeBackup reports {backup['BackupName']} as {backup['BackupStatus']}"
    run.checklist.check_equal(backup["BackupStatus"], "AVAILABLE", claim)
    first = min(writes.first.values(), default=None)
    holds = first is not None and not is_after(backup["BackupCreationDateTime"], first)
    run.checklist.check(holds, "the backup was created before the first write")


def check_journal(run: CheckedRun, writes: Writes) -> None:
    """Checks the before-images, and that each was stored before the write that it belongs to."""
    journal = read_journal(run.folder)
    claim = f"the journal in S3 has {quantity(journal.entries, 'before-image')}, one per item"
    run.checklist.check_equal((journal.entries, len(journal.stored)), (run.items, run.items), claim)
    claim = "each before-image was stored before its item was written (times of S3 and the stream, to the second)"
    run.checklist.check_equal(count_journaled_first(journal, writes), run.items, claim)


def check_segments(run: CheckedRun) -> None:
    """Checks that the children of the Maps processed every segment once. A run shuffles the order of its segments."""
    segments = sorted(entry["segment"] for entry in run.folder.read_json("segments.json"))
    for label in ("Migrate", "Verify"):
        found = child_segments(run.execution, label)
        children = quantity(len(found), "child", "children")
        claim = f"{children} of the Map Run {label} processed {quantity(len(segments), 'segment')}, one each"
        run.checklist.check_equal(found, segments, claim)


def check_roll_back(run: CheckedRun, digest_before: str, digest_after: str) -> None:
    """Checks the roll-back and the table after it."""
    checklist, items = run.checklist, run.items
    phase = run.folder.read_json("report.json")["phases"]["roll-back"]
    output.verdict(run.console, phase, "roll-back")
    claim = f"{items:,} restored, 0 left alone because something else had changed them"
    checklist.check_equal((phase["journal"]["restored"], phase["journal"]["spared"]), (items, 0), claim)
    claim = f"DynamoDB's stream has {items:,} more writes"
    checklist.check_equal(count_writes(run.stream.new_records()).times.total(), items, claim)
    claim = f"the table is byte for byte as it was before the migration: SHA-256 {digest_after[:16]}… again"
    checklist.check_equal(digest_after, digest_before, claim)
