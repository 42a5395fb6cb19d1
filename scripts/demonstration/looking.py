"""The looks after a run: what it claims is found again in DynamoDB, S3 and Step Functions."""

import json
from dataclasses import dataclass
from typing import Any

from rich.console import Console

import telling
from airports import KEY, Item, restructured
from checks import Checks
from evidence import Folder, Writes, export, is_later, journal, segments_of_children, writes, written_in_time
from execution import Execution
from table import Stream, scan
from telling import some


@dataclass
class Scene:
    """Where to look: a run, what it left, its table, and what was loaded into that."""

    console: Console
    checks: Checks
    dynamodb: Any
    table: str
    stream: Stream
    source: list[Item]
    run: Execution
    folder: Folder

    @property
    def items(self) -> int:
        """How many items were loaded."""
        return len(self.source)


def at_the_run(scene: Scene) -> None:
    """All that there is to see after the execution that migrates."""
    report = scene.folder.json("report.json")
    telling.heading(scene.console, "The dry run's report, made before anything was written")
    telling.rehearsal(scene.console, report)
    at_the_rehearsal(scene, report["phases"]["dry-run"]["counts"])
    telling.heading(scene.console, "The verdict")
    telling.verdict(scene.console, report["phases"]["dry-run"], "dry run")
    telling.verdict(scene.console, report["phases"]["verify"], "verification")
    at_the_counts(scene, report["phases"])
    telling.heading(scene.console, "Not taken on trust")
    written = writes(scene.stream.news())
    at_the_table(scene, written)
    at_the_backup(scene, written)
    at_the_journal(scene, written)
    at_the_segments(scene)
    telling.heading(scene.console, "What the run has left in S3")
    telling.contents(scene.console, scene.folder)


def at_the_rehearsal(scene: Scene, counts: dict[str, int]) -> None:
    """The export, and that the dry run read all of it."""
    checks, items, found = scene.checks, scene.items, export(scene.folder)
    checks.check(found is not None, "the export's manifests are in S3")
    if found:
        claim = f"they list {some(found.files, 'file')} with {items:,} items"
        checks.equal((found.items, found.items_in_files), (items, items), claim)
        children = scene.run.map_runs()["DryRun"]["itemCounts"]["succeeded"]
        claim = f"{some(children, 'child', 'children')} of the Map Run DryRun read them, a file each"
        checks.equal(children, found.files, claim)
    claim = f"{items:,} loaded = {items:,} rehearsed = {items:,} that would change"
    checks.equal((counts["scanned"], counts["changed"]), (items, items), claim)


def at_the_counts(scene: Scene, phases: dict[str, Any]) -> None:
    """The sums, phase by phase."""
    checks, items = scene.checks, scene.items
    counts = phases["migrate"]["counts"]
    claim = f"{items:,} loaded = {items:,} scanned = {items:,} changed"
    checks.equal((counts["scanned"], counts["changed"]), (items, items), claim)
    verified, proof = phases["verify"]["counts"], phases["verify"]["journal"]
    claim = f"{items:,} changed = {items:,} scanned again = {items:,} as the run wrote them"
    checks.equal((verified["scanned"], proof["as_written"]), (items, items), claim)
    rest = (verified["late"], verified["invalid"], proof["check_failed"])
    checks.equal(rest, (0, 0, 0), "0 late, 0 invalid, 0 in breach of the migration's check")


def at_the_table(scene: Scene, written: Writes) -> None:
    """The items, and how often each was written."""
    wanted = {item[KEY]["S"]: restructured(item) for item in scene.source}
    wrong = sum(wanted.pop(item[KEY]["S"], None) != item for item in scan(scene.dynamodb, scene.table))
    claim = "every item is what the migration, worked out anew by the demo, makes of its airport"
    scene.checks.equal(wrong + len(wanted), 0, claim)
    claim = f"DynamoDB's stream shows {scene.items:,} writes, one an item"
    found = (written.times.total(), set(written.times.values()))
    scene.checks.equal(found, (scene.items, {1}), claim)


def at_the_backup(scene: Scene, written: Writes) -> None:
    """The on-demand backup."""
    arn = json.loads(scene.run.describe()["output"])["backup"]["arn"]
    found = scene.dynamodb.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]
    claim = f"DescribeBackup says that {found['BackupName']} is {found['BackupStatus']}"
    scene.checks.equal(found["BackupStatus"], "AVAILABLE", claim)
    first = min(written.first.values(), default=None)
    holds = first is not None and not is_later(found["BackupCreationDateTime"], first)
    scene.checks.check(holds, "it was made before the first write")


def at_the_journal(scene: Scene, written: Writes) -> None:
    """The before-images, and that they were there first."""
    found = journal(scene.folder)
    claim = f"the journal in S3 has {some(found.entries, 'before-image')}, one an item"
    scene.checks.equal((found.entries, len(found.stored)), (scene.items, scene.items), claim)
    claim = "each was there before its item was written, by the times of S3 and the stream, to the second"
    scene.checks.equal(written_in_time(found, written), scene.items, claim)


def at_the_segments(scene: Scene) -> None:
    """The children of the Maps that write and verify: a run takes its segments in an order of its own."""
    segments = sorted(entry["segment"] for entry in scene.folder.json("segments.json"))
    for label in ("Migrate", "Verify"):
        found = segments_of_children(scene.run, label)
        children = some(len(found), "child", "children")
        claim = f"{children} of the Map Run {label} took {some(len(segments), 'segment')}, one each"
        scene.checks.equal(found, segments, claim)


def at_what_is_back(scene: Scene, digest_before: str, digest_after: str) -> None:
    """What the roll-back did, and the table after it."""
    checks, items = scene.checks, scene.items
    phase = scene.folder.json("report.json")["phases"]["roll-back"]
    telling.verdict(scene.console, phase, "roll-back")
    claim = f"{items:,} put back, 0 spared because something else had changed them"
    checks.equal((phase["journal"]["restored"], phase["journal"]["spared"]), (items, 0), claim)
    claim = f"DynamoDB's stream shows {items:,} writes more"
    checks.equal(writes(scene.stream.news()).times.total(), items, claim)
    claim = f"the table is byte for byte what it was: SHA-256 {digest_after[:16]}… again"
    checks.equal(digest_after, digest_before, claim)
