"""Who is measured, and on what."""

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
    """How large the table is."""

    items: int
    item_bytes: int


# After the migration, which adds some attributes, an item is still under DynamoDB's 400 KB.
LARGE = Setting(items=200, item_bytes=399 * 1024)


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A program and the table that it is given."""

    name: str
    label: str
    command: tuple[str, ...]
    done: bool = False  # whether every item is migrated before it begins
    setting: Setting | None = None  # a table of its own

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


def selected(only: list[str] | None) -> list[Contestant]:
    """Those whose names begin as asked for; without a wish, all."""
    return [one for one in ALL if only is None or any(one.name.startswith(beginning) for beginning in only)]
