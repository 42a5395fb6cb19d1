"""What was measured, and what follows from it."""

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
    """Everything that the bench found."""

    setting: Setting
    repeat: int
    figures: dict[Contestant, Figures]
    start: ColdStart | None

    def of(self, name: str) -> Figures | None:
        """A contestant's figures, if it took part."""
        return next((figures for contestant, figures in self.figures.items() if contestant.name == name), None)

    def floor(self, done: bool) -> float | None:
        """The least CPU per item that the SDK allows: the better floor's; where nothing is to be done, a bare Scan's."""
        found = [figures.cpu_micros for name in (["scan"] if done else FLOORS) if (figures := self.of(name))]
        return min(found, default=None)

    def to_floor(self, contestant: Contestant) -> float | None:
        """How many times the floor's CPU a contestant took."""
        floor = self.floor(contestant.done)
        if floor is None or contestant.setting is not None:
            return None
        return self.figures[contestant].cpu_micros / floor

    def plain(self, goals: list[Goal]) -> dict[str, Any]:
        """All of it for programs."""
        return {
            "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "commit": said("git", "describe", "--always", "--dirty"),
            "machine": {"cpu": processor(), "cores": cores(), "system": platform.platform()},
            "versions": {
                "rustc": said("rustc", "--version"),
                "python": platform.python_version(),
                "node": said("node", "--version"),
            },
            "items": self.setting.items,
            "item_bytes": self.setting.item_bytes,
            "rounds": self.repeat,
            "contestants": [self.row(contestant) for contestant in self.figures],
            "cold_start": self.start and dataclasses.asdict(self.start),
            "goals": [dataclasses.asdict(goal) for goal in goals],
        }

    def row(self, contestant: Contestant) -> dict[str, Any]:
        """A contestant's figures for programs."""
        figures = self.figures[contestant]
        return {
            "name": contestant.name,
            "label": contestant.label,
            "table_is_done": contestant.done,
            **dataclasses.asdict(figures),
            "cpu_seconds_per_million_items": figures.cpu_micros,
            "times_the_floor": self.to_floor(contestant),
            "items_per_second": figures.items_per_second,
            "requests_per_item": figures.requests_per_item,
            "write_units_per_item": figures.units_per_item,
        }


def said(*command: str) -> str | None:
    """What a program says, if it is there."""
    try:
        return subprocess.run(command, cwd=pathlib.Path(__file__).parent, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return None


def processor() -> str:
    """The processor's name."""
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def cores() -> int:
    """How many of its cores there are."""
    return os.cpu_count() or 1
