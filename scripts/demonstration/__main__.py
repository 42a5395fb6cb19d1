"""The demo: runs the whole workflow on the local stack with real data and checks each claim. Called by scripts/demo."""

import argparse
import signal
import sys
from types import FrameType

from rich.console import Console

import output
import scenario
from checklist import Checklist, DemoFailed
from stack import ROOT, Stack


def main() -> int:
    """Reads the command line, runs the demo and returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Migrates, verifies and rolls back a real table.")
    parser.add_argument(
        "--items", type=positive_number, metavar="N", help="load N airports; default: all, about 28,000"
    )
    parser.add_argument("--keep", action="store_true", help="leave the stack running and show how to explore it")
    args = parser.parse_args()
    # An output encoding without check marks must not end the demo.
    sys.stdout.reconfigure(errors="replace")
    # A file or a pipe has no width; this one keeps the lines whole.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    signal.signal(signal.SIGTERM, interrupt)
    stack = Stack()
    try:
        return run_demo(stack, console, args.items, args.keep)
    except DemoFailed as failed:
        console.print(f"✗ {failed}", style="bold red", markup=False, soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted")
        return 130
    finally:
        stop_stack(stack, console, args.keep)


def run_demo(stack: Stack, console: Console, items: int | None, keep: bool) -> int:
    """Runs the whole demo and returns the exit code."""
    console.print("[bold]tableshift[/]: migrates, verifies and rolls back a real table, all on this machine")
    output.heading(console, f"The stack: a local AWS on port {stack.port}, with the stage {stack.stage} deployed to it")
    stack.up()
    checklist = Checklist(console)
    run = scenario.run_scenario(stack, console, checklist, items)
    output.heading(console, "Summary")
    passed = checklist.print_summary()
    console.print(f"  the run's report is in {scenario.REPORTS.relative_to(ROOT)}/report.html")
    if keep:
        hints = output.exploration_hints(stack, run, scenario.TABLE, scenario.MIGRATION)
        console.print(f"\n{hints}\n", soft_wrap=True, markup=False)
    return 0 if passed else 1


def stop_stack(stack: Stack, console: Console, keep: bool) -> None:
    """Stops the stack, unless the user wants to keep it or it ran before the demo."""
    if stack.was_running:
        console.print(f"the local stack on port {stack.port} was running before the demo, so it is left running")
    elif keep:
        console.print(f"the local stack is left running on port {stack.port}")
    else:
        # A second Ctrl-C would leave processes behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        stack.down()
        console.print("the local stack is stopped; use --keep to leave it running")


def positive_number(text: str) -> int:
    """Parses a number of items from the command line."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number of 1 or more")
    return int(text)


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Handles SIGTERM like Ctrl-C, so that the local stack is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
