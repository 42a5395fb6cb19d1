"""The measured figures, and what follows from them."""

import dataclasses
import datetime
import os
import pathlib
import platform
import subprocess
from typing import Any

from cold_start import ColdStart
from contestants import Contestant, Setting
from goals import Goal
from rounds import Figures

FLOORS = ["floor-update", "floor-partiql"]


@dataclasses.dataclass(frozen=True)
class Results:
    """Everything that the benchmark measured."""

    setting: Setting
    repeat: int
    figures: dict[Contestant, Figures]
    start: ColdStart | None

    def of(self, name: str) -> Figures | None:
        """Returns a contestant's figures, if it took part."""
        return next((figures for contestant, figures in self.figures.items() if contestant.name == name), None)

    def floor(self, done: bool) -> float | None:
        """Returns the least CPU microseconds per item that are possible with the SDK.

        These are the better floor's, or, on a table that is already migrated (`done`), those of a bare Scan.
        """
        found = [figures.cpu_micros for name in (["scan"] if done else FLOORS) if (figures := self.of(name))]
        return min(found, default=None)

    def to_floor(self, contestant: Contestant) -> float | None:
        """Returns the ratio of a contestant's CPU to the floor's."""
        floor = self.floor(contestant.done)
        if floor is None or contestant.setting is not None:
            return None
        return self.figures[contestant].cpu_micros / floor

    def as_dict(self, goals: list[Goal]) -> dict[str, Any]:
        """Returns everything in the form of bench.json."""
        return {
            "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "commit": output_of("git", "describe", "--always", "--dirty"),
            "machine": {"cpu": processor(), "cores": cores(), "system": platform.platform()},
            "versions": {
                "rustc": output_of("rustc", "--version"),
                "python": platform.python_version(),
                "node": output_of("node", "--version"),
            },
            "items": self.setting.items,
            "item_bytes": self.setting.item_bytes,
            "rounds": self.repeat,
            "contestants": [self.row(contestant) for contestant in self.figures],
            "cold_start": self.start and dataclasses.asdict(self.start),
            "goals": [dataclasses.asdict(goal) for goal in goals],
        }

    def row(self, contestant: Contestant) -> dict[str, Any]:
        """Returns a contestant's figures in the form of bench.json."""
        figures = self.figures[contestant]
        return {
            "name": contestant.name,
            "label": contestant.label,
            "table_is_done": contestant.done,
            **dataclasses.asdict(figures),
            # Microseconds per item are the same number as seconds per million items.
            "cpu_seconds_per_million_items": figures.cpu_micros,
            "times_the_floor": self.to_floor(contestant),
            "items_per_second": figures.items_per_second,
            "requests_per_item": figures.requests_per_item,
            "write_units_per_item": figures.units_per_item,
        }


def output_of(*command: str) -> str | None:
    """Returns the output of a program, or None if it is not installed."""
    folder = pathlib.Path(__file__).parent
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return None


def processor() -> str:
    """Returns the name of the processor."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def cores() -> int:
    """Returns the number of cores."""
    return os.cpu_count() or 1
