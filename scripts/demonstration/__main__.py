"""The demo: the whole workflow on the local stack, with real data, every claim checked. Run by scripts/demo."""

import argparse
import signal
import sys
from types import FrameType

from rich.console import Console

import story
import telling
from checks import Checks, Stopped
from stack import ROOT, Stack


def main() -> int:
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Migrates, verifies and rolls back a real table.")
    parser.add_argument("--items", type=count, metavar="N", help="so many airports; default: all, about 28,000")
    parser.add_argument("--keep", action="store_true", help="leave the stack up and say how to look around")
    args = parser.parse_args()
    # Where ticks cannot be printed, something else is.
    sys.stdout.reconfigure(errors="replace")
    # A file or a pipe has no width: its lines are not cut.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, stop)
    stack = Stack()
    try:
        return play(stack, console, args.items, args.keep)
    except Stopped as stopped:
        console.print(f"✗ {stopped}", style="bold red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("stopped")
        return 130
    finally:
        take_down(stack, console, args.keep)


def play(stack: Stack, console: Console, items: int | None, keep: bool) -> int:
    """The whole story; gives the exit code."""
    console.print("[bold]tableshift[/]: a real table is migrated, verified and rolled back, all on this machine")
    telling.heading(console, f"The stack: the local AWS, and stage {stack.stage} deployed to it (port {stack.port})")
    stack.up()
    checks = Checks(console)
    run = story.tell(stack, console, checks, items)
    telling.heading(console, "In short")
    holds = checks.conclude()
    console.print(f"  the run's report for people is in {story.KEPT.relative_to(ROOT)}/report.html")
    if keep:
        told = telling.look_around(stack, run, story.TABLE, story.MIGRATION)
        console.print(f"\n{told}\n", soft_wrap=True, markup=False)
    return 0 if holds else 1


def take_down(stack: Stack, console: Console, keep: bool) -> None:
    """Takes the stack down, unless it is to stay or was there before."""
    if stack.was_up:
        console.print(f"the local stack on port {stack.port} ran before, so it is left running")
    elif keep:
        console.print(f"the local stack stays up on port {stack.port}")
    else:
        # A second Ctrl-C would leave processes behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stack.down()
        console.print("the local stack is taken down; --keep would have left it up")


def count(text: str) -> int:
    """A number of items from the command line."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number from 1 on is needed")
    return int(text)


def stop(number: int, frame: FrameType | None) -> None:
    """Ends the demo as Ctrl-C does, so that the stack is taken down."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
