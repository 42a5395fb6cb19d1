"""The progress of an execution: redrawn in a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from execution import Execution, Step

LOOK_SECONDS = 0.5
PLAIN_SECONDS = 5.0


def follow(execution: Execution, console: Console) -> dict[str, Any]:
    """Shows the execution until it is over; gives its description."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:
            return watch(execution, lambda steps: live.update(drawing(steps)))
    return watch(execution, Lines(console).show)


def watch(execution: Execution, show: Callable[[list[Step]], None]) -> dict[str, Any]:
    """Looks at the execution again and again, until it is over."""
    while True:
        # In this order, so that the last look shows the end.
        described = execution.describe()
        show(execution.steps())
        if described["status"] != "RUNNING":
            return described
        time.sleep(LOOK_SECONDS)


def told(step: Step) -> str:
    """What a step has done, in words."""
    if not step.parts:
        return ""
    kind = "files" if step.name == "DryRun" else "segments"
    return f"{step.parts_done} of {step.parts} {kind}, {step.items:,} items {step.doing}"


def drawing(steps: list[Step]) -> Table:
    """All steps, one a row."""
    grid = Table.grid(padding=(0, 1))
    for _ in range(6):
        grid.add_column(no_wrap=True)
    for step in steps:
        mark = "[green]✓[/]" if step.ended else Spinner("dots")
        bar = ProgressBar(total=step.parts, completed=step.parts_done, width=12) if step.parts else ""
        grid.add_row(" ", mark, step.name, f"{step.seconds:5.1f} s", bar, told(step))
    return grid


class Lines:
    """The steps as lines that are never taken back: each when it ends, a long one now and then."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.ended: set[str] = set()
        self.last = time.monotonic()

    def show(self, steps: list[Step]) -> None:
        """Prints what is new."""
        for step in steps:
            due = time.monotonic() - self.last >= PLAIN_SECONDS
            if step.name in self.ended or not (step.ended or due):
                continue
            mark = "✓" if step.ended else "…"
            line = f"  {mark} {step.name:<16} {step.seconds:5.1f} s  {told(step)}"
            self.console.print(line.rstrip(), highlight=False)
            self.last = time.monotonic()
            if step.ended:
                self.ended.add(step.name)
