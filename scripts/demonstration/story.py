"""The demo's course: load, migrate, look, roll back, look again."""

import contextlib
import pathlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.progress import Progress

import looking
import table
import telling
from airports import Item, airports
from checks import Checks, Stopped
from evidence import Folder
from execution import Execution
from progress import follow
from stack import ROOT, STAGE, Stack

MIGRATION = "20261122-airport-position"
DOCUMENT = pathlib.Path(__file__).with_name("migrations") / f"{MIGRATION}.yaml"
TABLE = f"{STAGE}-airports"
# Where the run's report is when the stack is gone.
KEPT = ROOT / ".local/demo"
# More and smaller segments than a table of this size needs, few at a time: so that there is some progress to watch.
ITEMS_PER_SEGMENT = 1_000
MOST_SEGMENTS = 500
SEGMENTS_AT_A_TIME = 4


def tell(stack: Stack, console: Console, checks: Checks, wanted: int | None) -> Execution:
    """The whole course. Gives the execution that migrated."""
    dynamodb, s3 = stack.client("dynamodb"), stack.client("s3")
    source = list(airports(wanted))
    before = load(dynamodb, console, checks, source)
    stream = table.Stream(dynamodb, stack.client("dynamodbstreams"), TABLE)
    put_migration(console, s3, stack.bucket)

    run = execute(stack, console, checks, "demo", {"migration": MIGRATION, "table": TABLE, **pace(len(source))})
    folder = Folder(s3, stack.bucket, run.run)
    scene = looking.Scene(console, checks, dynamodb, TABLE, stream, source, run, folder)
    looking.at_the_run(scene)

    execute(stack, console, checks, "demo-roll-back", {"action": "roll-back", "run": run.run})
    after, _ = table.digest(table.scan(dynamodb, TABLE))
    looking.at_what_is_back(scene, before, after)
    return run


def load(dynamodb: Any, console: Console, checks: Checks, source: list[Item]) -> str:
    """Makes the table and loads it; gives its digest."""
    telling.heading(console, f"The table: {TABLE}, as a careless past has left it")
    telling.remark(console, "the airports of airportsdata: every value a text, the position flat, no version")
    table.create(dynamodb, TABLE)
    with counting(console, len(source)) as count:
        table.load(dynamodb, TABLE, source, count)
    digest, found = table.digest(table.scan(dynamodb, TABLE))
    checks.equal(found, len(source), f"{len(source):,} airports are in it; SHA-256 of all items {digest[:16]}…")
    return digest


@contextlib.contextmanager
def counting(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A bar that grows with the items, in a terminal."""
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("  loading", total=total)
        yield lambda more: progress.advance(bar, more)


def put_migration(console: Console, s3: Any, bucket: str) -> None:
    """Shows the migration and puts it where the state machine looks for it."""
    telling.heading(console, f"The migration: {DOCUMENT.relative_to(ROOT)}")
    telling.quote(console, DOCUMENT.read_text())
    s3.upload_file(str(DOCUMENT), bucket, f"migrations/{MIGRATION}.yaml")
    telling.remark(console, f"is now s3://{bucket}/migrations/{MIGRATION}.yaml")


def pace(items: int) -> dict[str, int]:
    """The part of the input that makes the run worth watching."""
    segments = min(max(items // ITEMS_PER_SEGMENT, SEGMENTS_AT_A_TIME), MOST_SEGMENTS)
    return {"segments": segments, "max_concurrency": SEGMENTS_AT_A_TIME}


def execute(stack: Stack, console: Console, checks: Checks, kind: str, given: dict[str, Any]) -> Execution:
    """Starts an execution and follows it to its end, which has to be a good one."""
    name = f"{kind}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    telling.heading(console, f"The execution {name}")
    telling.remark(console, f"input {telling.as_json(given)}")
    clients = stack.client("stepfunctions"), stack.client("dynamodb")
    execution = Execution(*clients, stack.ledger, stack.machine, name, given)
    end = follow(execution, console)
    seconds = (end["stopDate"] - end["startDate"]).total_seconds()
    keep_reports(Folder(stack.client("s3"), stack.bucket, execution.run))
    checks.check(end["status"] == "SUCCEEDED", f"{end['status']} after {seconds:.1f} s, says Step Functions")
    if end["status"] != "SUCCEEDED":
        raise Stopped(f"{end.get('error', 'no error name')}: {end.get('cause', 'no cause')}")
    return execution


def keep_reports(folder: Folder) -> None:
    """Keeps the run's reports, if it has come so far, on this machine."""
    KEPT.mkdir(parents=True, exist_ok=True)
    there = {item["Key"] for item in folder.objects("report.")}
    for name in ("report.json", "report.html"):
        (KEPT / name).unlink(missing_ok=True)
        if folder.prefix + name in there:
            (KEPT / name).write_bytes(folder.read(folder.prefix + name))
