"""Shows the progress of an execution: a live display in a terminal, plain lines elsewhere."""

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from execution import Execution, Step

POLL_SECONDS = 0.5
# How often a step that has not ended prints a plain line.
PLAIN_LINE_SECONDS = 5.0


def follow(execution: Execution, console: Console) -> dict[str, Any]:
    """Shows the execution until it has ended and returns its description."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=8) as live:
            return poll(execution, lambda steps: live.update(progress_table(steps)))
    return poll(execution, PlainProgress(console).show)


def poll(execution: Execution, show: Callable[[list[Step]], None]) -> dict[str, Any]:
    """Reads and shows the execution's steps until it has ended."""
    while True:
        # Read the status before the steps, so that the last update shows how the execution ended.
        described = execution.describe()
        show(execution.steps())
        if described["status"] != "RUNNING":
            return described
        time.sleep(POLL_SECONDS)


def map_progress(step: Step) -> str:
    """Describes the progress of a Map."""
    if not step.parts:
        return ""
    kind = "files" if step.name == "DryRun" else "segments"
    return f"{step.parts_done} of {step.parts} {kind}, {step.items:,} items {step.verb}"


def progress_table(steps: list[Step]) -> Table:
    """Lays out all steps, one per row."""
    grid = Table.grid(padding=(0, 1))
    for _ in range(6):
        grid.add_column(no_wrap=True)
    for step in steps:
        mark = "[green]✓[/]" if step.ended else Spinner("dots")
        bar = ProgressBar(total=step.parts, completed=step.parts_done, width=12) if step.parts else ""
        grid.add_row(" ", mark, step.name, f"{step.seconds:5.1f} s", bar, map_progress(step))
    return grid


class PlainProgress:
    """Prints a line for each step that has ended, and from time to time one for a step that has not."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.ended: set[str] = set()
        self.last_line = time.monotonic()

    def show(self, steps: list[Step]) -> None:
        """Prints the lines that are due."""
        for step in steps:
            due = time.monotonic() - self.last_line >= PLAIN_LINE_SECONDS
            if step.name in self.ended or not (step.ended or due):
                continue
            mark = "✓" if step.ended else "…"
            line = f"  {mark} {step.name:<16} {step.seconds:5.1f} s  {map_progress(step)}"
            self.console.print(line.rstrip(), highlight=False)
            self.last_line = time.monotonic()
            if step.ended:
                self.ended.add(step.name)
