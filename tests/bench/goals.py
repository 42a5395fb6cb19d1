"""The goals of the issue "The worker engine", and whether the figures meet them."""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results import Results

MB = 1_000_000


@dataclasses.dataclass(frozen=True)
class Goal:
    """A goal and what was found; nothing found: what it needs was not measured."""

    what: str
    found: str | None
    met: bool | None


def judge(results: "Results") -> list[Goal]:
    """Every goal, in the issue's order."""
    worker, done, large = (results.of(name) for name in ["worker", "worker-done", "worker-large"])
    boto3, javascript, scan, start = results.of("boto3"), results.of("javascript"), results.of("scan"), results.start
    floor = results.floor(done=False)
    cpu = worker and worker.cpu_micros
    rss = max((figures.peak_bytes for figures in (worker, done, large) if figures), default=None) if large else None
    return [
        at_most("worker: CPU per item, times the better floor", cpu and floor and cpu / floor, 1.5, times),
        at_least(
            "worker: CPU per item, times below the boto3 loop", cpu and boto3 and boto3.cpu_micros / cpu, 30, times
        ),
        at_least(
            "worker: CPU per item, times below the JavaScript loop",
            cpu and javascript and javascript.cpu_micros / cpu,
            15,
            times,
        ),
        at_most(
            "table that is done: worker's write units", None if done is None else done.write_units, 0, "{:.0f}".format
        ),
        at_most(
            "table that is done: worker's CPU, times a bare Scan's",
            done and scan and done.cpu_micros / scan.cpu_micros,
            1,
            times,
        ),
        at_most("worker: peak RSS, 399 KB items included", rss and rss / MB, 64, "{:.1f} MB".format),
        at_most("Lambda: cold start to first poll, median", start and start.seconds * 1000, 50, "{:.1f} ms".format),
        at_most("Lambda: the zip", start and start.zip_bytes / MB, 5, "{:.2f} MB".format),
    ]


def times(number: float) -> str:
    """A ratio for a person."""
    return f"{number:.2f} x" if number < 10 else f"{number:.1f} x"


def at_most(what: str, found: float | None, limit: float, written: Callable[[float], str]) -> Goal:
    """A goal that is an upper limit."""
    met = None if found is None else found <= limit
    return Goal(f"{what}: at most {written(limit)}", None if found is None else written(found), met)


def at_least(what: str, found: float | None, limit: float, written: Callable[[float], str]) -> Goal:
    """A goal that is a lower limit."""
    met = None if found is None else found >= limit
    return Goal(f"{what}: at least {written(limit)}", None if found is None else written(found), met)


def told(goals: list[Goal]) -> str:
    """The goals as lines."""
    words = {True: "met", False: "NOT MET", None: "not measured"}
    width = max(len(goal.what) for goal in goals)
    return "\n".join(f"{words[goal.met]:<14}{goal.what:<{width + 2}}{goal.found or ''}".rstrip() for goal in goals)
