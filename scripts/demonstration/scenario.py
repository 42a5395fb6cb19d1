"""The course of the demo: loads a table, migrates it, checks the run, rolls it back and checks again."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import Progress

import output
import run_checks
import table
from airports import Item, airports
from checklist import Checklist, DemoFailed
from evidence import RunFolder
from execution import Execution
from progress import follow
from stack import ROOT, STAGE, Stack

MIGRATION = "20261122-airport-position"
DOCUMENT = pathlib.Path(__file__).with_name("migrations") / f"{MIGRATION}.yaml"
TABLE = f"{STAGE}-airports"
# The run's reports stay here when the stack is stopped.
REPORTS = ROOT / ".local/demo"
# More segments than a table of this size needs, and few at a time, so that there is progress to watch.
ITEMS_PER_SEGMENT = 1_000
MAX_SEGMENTS = 500
SEGMENTS_AT_A_TIME = 4


def run_scenario(stack: Stack, console: Console, checklist: Checklist, item_count: int | None) -> Execution:
    """Runs the scenario and returns the execution that migrated the table."""
    dynamodb, s3 = stack.client("dynamodb"), stack.client("s3")
    source = list(airports(item_count))
    before = load_table(dynamodb, console, checklist, source)
    stream = table.Stream(dynamodb, stack.client("dynamodbstreams"), TABLE)
    upload_migration(console, s3, stack.bucket)

    run_input = {"migration": MIGRATION, "table": TABLE, **segment_settings(len(source))}
    execution = execute(stack, console, checklist, "demo", run_input)
    folder = RunFolder(s3, stack.bucket, execution.run)
    run = run_checks.CheckedRun(console, checklist, dynamodb, TABLE, stream, source, execution, folder)
    run_checks.check_migration(run)

    execute(stack, console, checklist, "demo-roll-back", {"action": "roll-back", "run": execution.run})
    after, _ = table.digest(table.scan(dynamodb, TABLE))
    run_checks.check_roll_back(run, before, after)
    return execution


def load_table(dynamodb: Any, console: Console, checklist: Checklist, source: list[Item]) -> str:
    """Creates the table, loads the items and returns the digest of the table."""
    output.heading(console, f"The table {TABLE}, before the migration")
    output.line(
        console, "the airports of airportsdata: all values are strings, the position is flat, there is no version"
    )
    table.create(dynamodb, TABLE)
    with loading_bar(console, len(source)) as advance:
        table.load(dynamodb, TABLE, source, advance)
    digest, found = table.digest(table.scan(dynamodb, TABLE))
    claim = f"the table has {len(source):,} airports; SHA-256 of all items {digest[:16]}…"
    checklist.check_equal(found, len(source), claim)
    return digest


@contextlib.contextmanager
def loading_bar(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """Shows a progress bar in a terminal. Yields a function that advances it by a number of items."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("  loading", total=total)
        yield lambda items: progress.advance(bar, items)


def upload_migration(console: Console, s3: Any, bucket: str) -> None:
    """Prints the migration and uploads it to where the state machine reads it."""
    output.heading(console, f"The migration: {DOCUMENT.relative_to(ROOT)}")
    output.quote(console, DOCUMENT.read_text())
    s3.upload_file(str(DOCUMENT), bucket, f"migrations/{MIGRATION}.yaml")
    output.line(console, f"uploaded to s3://{bucket}/migrations/{MIGRATION}.yaml")


def segment_settings(items: int) -> dict[str, int]:
    """Returns the fields of the run's input that set the number of segments."""
    segments = min(max(items // ITEMS_PER_SEGMENT, SEGMENTS_AT_A_TIME), MAX_SEGMENTS)
    return {"segments": segments, "max_concurrency": SEGMENTS_AT_A_TIME}


def execute(stack: Stack, console: Console, checklist: Checklist, prefix: str, run_input: dict[str, Any]) -> Execution:
    """Starts an execution and follows it until it has ended. Raises DemoFailed unless it succeeded."""
    name = f"{prefix}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    output.heading(console, f"The execution {name}")
    output.line(console, f"input {output.as_json(run_input)}")
    execution = Execution(stack, name, run_input)
    end = follow(execution, console)
    seconds = (end["stopDate"] - end["startDate"]).total_seconds()
    save_reports(RunFolder(stack.client("s3"), stack.bucket, execution.run))
    claim = f"{end['status']} after {seconds:.1f} s, according to Step Functions"
    checklist.check(end["status"] == "SUCCEEDED", claim)
    if end["status"] != "SUCCEEDED":
        raise DemoFailed(f"{end.get('error', 'no error name')}: {end.get('cause', 'no cause')}")
    return execution


def save_reports(folder: RunFolder) -> None:
    """Saves the reports that the run has written so far to this machine."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    keys = {item["Key"] for item in folder.objects("report.")}
    for name in ("report.json", "report.html"):
        (REPORTS / name).unlink(missing_ok=True)
        if folder.prefix + name in keys:
            (REPORTS / name).write_bytes(folder.read(folder.prefix + name))
