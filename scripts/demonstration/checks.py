"""What the demo claims, each claim on a line with a tick or a cross."""

from rich.console import Console
from rich.markup import escape


class Stopped(Exception):
    """The demo cannot go on; the text says why."""


class Checks:
    """The claims so far."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.held = 0
        self.broken: list[str] = []

    def check(self, holds: bool, claim: str) -> None:
        """Prints a claim and whether it holds."""
        mark = "[green]✓[/]" if holds else "[bold red]✗[/]"
        self.console.print(f"  {mark} {escape(claim)}", highlight=False, soft_wrap=True)
        if holds:
            self.held += 1
        else:
            self.broken.append(claim)

    def equal(self, found: object, wanted: object, claim: str) -> None:
        """Prints a claim that two things are equal, with both when they are not."""
        holds = found == wanted
        self.check(holds, claim if holds else f"{claim}: found {show(found)}, not {show(wanted)}")

    def conclude(self) -> bool:
        """Prints the closing line; says whether every claim holds."""
        if self.broken:
            all_of_them = self.held + len(self.broken)
            self.console.print(f"[bold red]✗ {len(self.broken)} of {all_of_them} checks do not hold[/]")
        else:
            self.console.print(f"[bold green]✓ all {self.held} checks hold[/]")
        return not self.broken


def show(value: object) -> str:
    """A value for a person: numbers with separators."""
    if isinstance(value, tuple | list | set):
        return " and ".join(map(show, value)) or "nothing"
    return f"{value:,}" if isinstance(value, int) else str(value)
