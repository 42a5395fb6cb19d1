"""The performance goals of the segment worker, and whether the figures meet them."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results import Results

MB = 1_000_000


@dataclasses.dataclass(frozen=True)
class Goal:
    """A goal and the figure that was found. Both `found` and `met` are None if the figure was not measured."""

    what: str
    found: str | None
    met: bool | None


def judge(results: "Results") -> list[Goal]:
    """Compares the figures with every goal."""
    worker, done, large = (results.of(name) for name in ["worker", "worker-done", "worker-large"])
    boto3, javascript, scan, start = results.of("boto3"), results.of("javascript"), results.of("scan"), results.start
    floor, cpu = results.floor(done=False), worker and worker.cpu_micros
    to_floor = cpu and floor and cpu / floor
    below_boto3 = cpu and boto3 and boto3.cpu_micros / cpu
    below_javascript = cpu and javascript and javascript.cpu_micros / cpu
    done_units = None if done is None else done.write_units
    done_to_scan = done and scan and done.cpu_micros / scan.cpu_micros
    rss = max((figures.peak_bytes for figures in (worker, done, large) if figures), default=None) if large else None
    return [
        at_most("worker: CPU per item, relative to the better floor", to_floor, 1.5, format_ratio),
        at_least("worker: CPU per item, times less than the boto3 loop", below_boto3, 30, format_ratio),
        at_least("worker: CPU per item, times less than the JavaScript loop", below_javascript, 15, format_ratio),
        at_most("migrated table: the worker's write units", done_units, 0, "{:.0f}".format),
        at_most("migrated table: the worker's CPU, relative to a bare Scan", done_to_scan, 1, format_ratio),
        at_most("worker: peak RSS, 399 KB items included", rss and rss / MB, 64, "{:.1f} MB".format),
        at_most("Lambda: cold start to first poll, median", start and start.seconds * 1000, 50, "{:.1f} ms".format),
        at_most("Lambda: size of the zip", start and start.zip_bytes / MB, 5, "{:.2f} MB".format),
    ]


def format_ratio(number: float) -> str:
    """Formats a ratio for people."""
    return f"{number:.2f} x" if number < 10 else f"{number:.1f} x"


def at_most(what: str, found: float | None, limit: float, format_number: Callable[[float], str]) -> Goal:
    """Returns a goal with an upper limit."""
    met = None if found is None else found <= limit
    return Goal(f"{what}: at most {format_number(limit)}", None if found is None else format_number(found), met)


def at_least(what: str, found: float | None, limit: float, format_number: Callable[[float], str]) -> Goal:
    """Returns a goal with a lower limit."""
    met = None if found is None else found >= limit
    return Goal(f"{what}: at least {format_number(limit)}", None if found is None else format_number(found), met)


def render(goals: list[Goal]) -> str:
    """Lists the goals, one per line."""
    words = {True: "met", False: "NOT MET", None: "not measured"}
    width = max(len(goal.what) for goal in goals)
    return "\n".join(f"{words[goal.met]:<14}{goal.what:<{width + 2}}{goal.found or ''}".rstrip() for goal in goals)
