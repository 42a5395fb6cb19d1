"""Runs the contestants, each as a process of its own on a table of its own, in turns."""

import dataclasses
import os
import statistics
import subprocess
import sys
import tempfile
import time

from contestants import CLIENT, Contestant, Setting
from engines import Broken, Engines


@dataclasses.dataclass(frozen=True)
class Figures:
    """What one run of a contestant took."""

    items: int
    cpu_seconds: float  # user and system, from its start to its end
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
        """Items a second."""
        return self.items / self.wall_seconds

    @property
    def requests_per_item(self) -> float:
        """Requests per item, those for journal and ledger included."""
        return sum(self.requests.values()) / self.items

    @property
    def units_per_item(self) -> float:
        """Write units per item."""
        return self.write_units / self.items


def play(chosen: list[Contestant], setting: Setting, repeat: int) -> dict[Contestant, Figures]:
    """The median of so many rounds. In turns, so that what slows the machine for a while slows everyone."""
    rounds: dict[Contestant, list[Figures]] = {contestant: [] for contestant in chosen}
    for number in range(1, repeat + 1):
        for contestant in chosen:
            figures = run(contestant, contestant.setting or setting)
            print(
                f"round {number}: {contestant.name:<16}{figures.cpu_micros:9.1f} us/item", file=sys.stderr, flush=True
            )
            rounds[contestant].append(figures)
    return {contestant: median(figures) for contestant, figures in rounds.items()}


def run(contestant: Contestant, setting: Setting) -> Figures:
    """One run. Its figures count only if every item then is as it should be."""
    size = [str(setting.items), str(setting.item_bytes)]
    with Engines() as engines:
        segments = engines.do(CLIENT, "prepare", *size, "new" if contestant.done else "old")
        engines.counted()
        command = [*contestant.command, *([segments] if contestant.is_worker else [])]
        cpu, wall, peak = measured(command, engines.environment)
        requests, units = engines.counted()
        engines.do(CLIENT, "check", *size)
    return Figures(setting.items, cpu, wall, peak, requests, units)


def measured(command: list[str], environment: dict[str, str]) -> tuple[float, float, int]:
    """Runs a contestant: its CPU seconds, its wall seconds, and the peak memory that it prints at its end."""
    with tempfile.TemporaryFile("w+") as said:
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=said, text=True)
        with process.stdout:
            printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            said.seek(0)
            raise Broken(f"{' '.join(command)}: {said.read().strip()[:2000]}")
    return usage.ru_utime + usage.ru_stime, wall, int(printed) * 1024


def median(rounds: list[Figures]) -> Figures:
    """Each figure's own median; what is counted is the same in every round but for a few repeated requests."""
    middle = sorted(rounds, key=lambda figures: figures.cpu_seconds)[len(rounds) // 2]
    return dataclasses.replace(
        middle,
        cpu_seconds=statistics.median(figures.cpu_seconds for figures in rounds),
        wall_seconds=statistics.median(figures.wall_seconds for figures in rounds),
        peak_bytes=int(statistics.median(figures.peak_bytes for figures in rounds)),
    )
