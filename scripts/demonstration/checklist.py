"""The demo's claims, printed one per line with a check mark or a cross."""

from rich.console import Console
from rich.markup import escape


class DemoFailed(Exception):
    """The demo cannot continue. The message says why."""


class Checklist:
    """Prints claims and counts how many hold."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.passed = 0
        self.failed = 0

    def check(self, holds: bool, claim: str) -> None:
        """Prints a claim and whether it holds."""
        mark = "[green]✓[/]" if holds else "[bold red]✗[/]"
        self.console.print(f"  {mark} {escape(claim)}", highlight=False, soft_wrap=True)
        if holds:
            self.passed += 1
        else:
            self.failed += 1

    def check_equal(self, found: object, expected: object, claim: str) -> None:
        """Prints a claim that holds if two values are equal. If they are not, prints both."""
        holds = found == expected
        difference = f": found {format_value(found)}, expected {format_value(expected)}"
        self.check(holds, claim if holds else claim + difference)

    def print_summary(self) -> bool:
        """Prints how many claims hold, and returns whether all do."""
        if self.failed:
            self.console.print(f"[bold red]✗ {self.failed} of {self.passed + self.failed} checks failed[/]")
        else:
            self.console.print(f"[bold green]✓ all {self.passed} checks passed[/]")
        return not self.failed


def format_value(value: object) -> str:
    """Formats a value for people, with thousands separators in numbers."""
    if isinstance(value, tuple | list | set):
        return " and ".join(map(format_value, value)) or "nothing"
    return f"{value:,}" if isinstance(value, int) else str(value)
