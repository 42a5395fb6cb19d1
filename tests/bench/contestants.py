"""The programs that are measured, and the tables that they get."""

import dataclasses
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOOPS = ROOT / "tests/bench/loops"
CLIENT = str(ROOT / "target/release/bench-client")
BOTO3 = (sys.executable, str(LOOPS / "boto3_loop.py"))
JAVASCRIPT = ("node", str(LOOPS / "javascript.mjs"))


@dataclasses.dataclass(frozen=True)
class Setting:
    """The size of a table."""

    items: int
    item_bytes: int


# The migration adds attributes; with them, an item is still smaller than DynamoDB's limit of 400 KB.
LARGE = Setting(items=200, item_bytes=399 * 1024)


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A program and its table. `done`: every item is already migrated. `setting`: a table of another size."""

    name: str
    label: str
    command: tuple[str, ...]
    done: bool = False
    setting: Setting | None = None

    @property
    def is_worker(self) -> bool:
        """Whether it is this project's worker."""
        return self.name.startswith("worker")


ALL = [
    Contestant("worker", "tableshift's worker", (CLIENT, "worker")),
    Contestant("floor-update", "Rust, Scan + 32 UpdateItem in flight", (CLIENT, "floor-update")),
    Contestant("floor-partiql", "Rust, Scan + PartiQL batches of 25", (CLIENT, "floor-partiql")),
    Contestant("javascript", "JavaScript SDK, 25 in flight", JAVASCRIPT),
    Contestant("boto3", "boto3 loop", BOTO3),
    Contestant("worker-done", "tableshift's worker", (CLIENT, "worker"), done=True),
    Contestant("scan", "Rust, bare Scan", (CLIENT, "scan"), done=True),
    Contestant("javascript-done", "JavaScript SDK", JAVASCRIPT, done=True),
    Contestant("boto3-done", "boto3 loop", BOTO3, done=True),
    Contestant("worker-large", "tableshift's worker, 399 KB items", (CLIENT, "worker"), setting=LARGE),
]


def select(only: list[str] | None) -> list[Contestant]:
    """Returns the contestants whose names begin with one of these prefixes, or all for None."""
    return [
        contestant for contestant in ALL if only is None or any(contestant.name.startswith(prefix) for prefix in only)
    ]
