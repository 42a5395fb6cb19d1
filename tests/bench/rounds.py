"""Runs the contestants, each in its own process on its own table, and measures them."""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time

from contestants import CLIENT, Contestant, Setting
from engines import BenchFailed, Engines


@dataclasses.dataclass(frozen=True)
class Figures:
    """The figures of one contestant. `cpu_seconds` is user and system time from the start of the process to its end."""

    items: int
    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    requests: dict[str, int]
    write_units: float

    @property
    def cpu_micros(self) -> float:
        """CPU microseconds per item."""
        return self.cpu_seconds * 1e6 / self.items

    @property
    def items_per_second(self) -> float:
        """Items per second of wall time."""
        return self.items / self.wall_seconds

    @property
    def requests_per_item(self) -> float:
        """Requests per item, including those for journal and ledger."""
        return sum(self.requests.values()) / self.items

    @property
    def units_per_item(self) -> float:
        """Write units of the table per item."""
        return self.write_units / self.items


def run_rounds(contestants: list[Contestant], setting: Setting, repeat: int) -> dict[Contestant, Figures]:
    """Runs every contestant once per round and returns the medians.

    Each round runs all contestants, so that a slow period of the machine slows all of them.
    """
    rounds: dict[Contestant, list[Figures]] = {contestant: [] for contestant in contestants}
    for number in range(1, repeat + 1):
        for contestant in contestants:
            figures = run(contestant, contestant.setting or setting)
            line = f"round {number}: {contestant.name:<16}{figures.cpu_micros:9.1f} us/item"
            print(line, file=sys.stderr, flush=True)
            rounds[contestant].append(figures)
    return {contestant: median(figures) for contestant, figures in rounds.items()}


def run(contestant: Contestant, setting: Setting) -> Figures:
    """Runs a contestant once. Raises BenchFailed unless every item is correct afterwards."""
    size = [str(setting.items), str(setting.item_bytes)]
    with Engines() as engines:
        segments = engines.run(CLIENT, "prepare", *size, "new" if contestant.done else "old")
        engines.take_counts()
        command = [*contestant.command, *([segments] if contestant.is_worker else [])]
        cpu, wall, peak = measure(command, engines.environment)
        requests, units = engines.take_counts()
        engines.run(CLIENT, "check", *size)
    return Figures(setting.items, cpu, wall, peak, requests, units)


def measure(command: list[str], environment: dict[str, str]) -> tuple[float, float, int]:
    """Runs a command and returns its CPU seconds, its wall seconds and the peak memory in bytes that it prints."""
    with tempfile.TemporaryFile("w+") as errors:
        start = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
        with process.stdout:
            printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            raise BenchFailed(f"{' '.join(command)}: {errors.read().strip()[:2000]}")
    return usage.ru_utime + usage.ru_stime, wall, int(printed) * 1024


def median(rounds: list[Figures]) -> Figures:
    """Returns the median of each time and of the memory, with the counts of the middle round.

    The counts are the same in every round, apart from a few repeated requests.
    """
    middle = sorted(rounds, key=lambda figures: figures.cpu_seconds)[len(rounds) // 2]
    return dataclasses.replace(
        middle,
        cpu_seconds=statistics.median(figures.cpu_seconds for figures in rounds),
        wall_seconds=statistics.median(figures.wall_seconds for figures in rounds),
        peak_bytes=int(statistics.median(figures.peak_bytes for figures in rounds)),
    )
