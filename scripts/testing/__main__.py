"""Runs the project's checks and tests step by step, the cheap ones first, and counts them. Called by scripts/test."""

import argparse
import os
import signal
import subprocess
import sys
import time
from types import FrameType

from runner import LOGS, Counts, StepFailed, run_commands
from steps import STEPS, Step, free_port, select_steps


def main() -> int:
    """Reads the command line and returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/test", description="Runs all checks and tests.")
    parser.add_argument("--only", action="append", metavar="STEP", choices=[step.name for step in STEPS])
    parser.add_argument("--list", action="store_true", help="list the steps and what each one checks")
    args = parser.parse_args()
    if args.list:
        for step in STEPS:
            print(f"{step.name:<14}{step.description}")
        return 0
    # The tests must not see the user's AWS settings or a local stack that the user runs.
    for name in [name for name in os.environ if name.startswith(("AWS_", "TABLESHIFT_"))]:
        del os.environ[name]
    port = free_port()
    os.environ.update(TABLESHIFT_LOCAL_PORT=port, CARGO_TERM_COLOR="never", CARGO_TERM_PROGRESS_WHEN="never")
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
    signal.signal(signal.SIGTERM, interrupt)
    LOGS.mkdir(parents=True, exist_ok=True)
    return run_steps(select_steps(args.only), port)


def run_steps(steps: list[Step], port: str) -> int:
    """Runs the steps, stops the local stack, prints a summary and returns the exit code."""
    total, failed, start = Counts(), set(), time.monotonic()
    try:
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.name}: {step.description}", flush=True)
            counts = run_step(step, failed)
            total += counts
            if counts.failed:
                failed.add(step.name)
    except KeyboardInterrupt:
        print("interrupted")
        return 130
    finally:
        # A second Ctrl-C would leave processes behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        subprocess.run(["scripts/local", "down"], stderr=subprocess.DEVNULL, check=False)
    print(f"\n{format_duration(time.monotonic() - start)} in total; the logs are in .local/test")
    if failed:
        names = ", ".join(step.name for step in steps if step.name in failed)
        print(f"failed: {names}")
    if failed & {"stack", "workflow"}:
        print(f"the local stack's log is in .local/{port}")
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


def run_step(step: Step, failed: set[str]) -> Counts:
    """Runs one step and prints its result. `failed` has the names of the steps that failed before it."""
    missing = [name for name in step.needs if name in failed]
    if missing:
        print(f"      skipped, because {missing[0]} failed", flush=True)
        return Counts(failed=1)
    start = time.monotonic()
    try:
        counts = run_commands(step.name, step.commands, step.counts_tests)
    except StepFailed as failure:
        print(f"      FAILED after {format_duration(time.monotonic() - start)}\n{failure}", flush=True)
        return failure.counts
    cases = f", {counts.passed} passed" if step.counts_tests else ""
    print(f"      ok, {format_duration(time.monotonic() - start)}{cases}", flush=True)
    return counts


def format_duration(seconds: float) -> str:
    """Formats a duration: `12.3 s`, or `2 min 5 s` from one minute on."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{seconds:.1f} s"


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Handles SIGTERM like Ctrl-C, so that the local stack is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
