"""The tests: every step in turn, cheap ones first, with what it took and counted. Run by scripts/test."""

import argparse
import os
import signal
import subprocess
import sys
import time
from types import FrameType

from running import LOGS, Counts, Failed, run
from steps import STEPS, Step, chosen, free_port


def main() -> int:
    """The command line; gives the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/test", description="Runs every check and every test.")
    parser.add_argument("--only", action="append", metavar="STEP", choices=[step.name for step in STEPS])
    parser.add_argument("--list", action="store_true", help="name the steps and what they check")
    args = parser.parse_args()
    if args.list:
        for step in STEPS:
            print(f"{step.name:<12}{step.about}")
        return 0
    # A person's own AWS settings have no say in tests, nor has a stack of theirs that runs here.
    for name in [name for name in os.environ if name.startswith(("AWS_", "TABLESHIFT_"))]:
        del os.environ[name]
    port = free_port()
    os.environ.update(TABLESHIFT_LOCAL_PORT=port, CARGO_TERM_COLOR="never", CARGO_TERM_PROGRESS_WHEN="never")
    os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
    signal.signal(signal.SIGTERM, stop)
    LOGS.mkdir(parents=True, exist_ok=True)
    return play(chosen(args.only), port)


def play(steps: list[Step], port: str) -> int:
    """Runs the steps, takes the stack down and says what came of it; gives the exit code."""
    total, failed, begun = Counts(), set(), time.monotonic()
    try:
        for number, step in enumerate(steps, 1):
            print(f"[{number}/{len(steps)}] {step.name}: {step.about}", flush=True)
            counts = one(step, failed)
            total += counts
            if counts.failed:
                failed.add(step.name)
    except KeyboardInterrupt:
        print("stopped")
        return 130
    finally:
        # A second Ctrl-C would leave processes behind.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        subprocess.run(["scripts/local", "down"], stderr=subprocess.DEVNULL, check=False)
    print(f"\n{minutes(time.monotonic() - begun)} in all; the logs are in .local/test")
    if failed:
        print(
            f"failed: {', '.join(step.name for step in steps if step.name in failed)}; of the stack see .local/{port}"
        )
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


def one(step: Step, failed: set[str]) -> Counts:
    """Runs one step and shows what came of it."""
    missing = [name for name in step.needs if name in failed]
    if missing:
        print(f"      not run, because {missing[0]} failed", flush=True)
        return Counts(failed=1)
    begun = time.monotonic()
    try:
        counts = run(step.name, step.commands, step.counts_tests)
    except Failed as failure:
        print(f"      FAILED after {minutes(time.monotonic() - begun)}\n{failure}", flush=True)
        return failure.counts
    cases = f", {counts.passed} passed" if step.counts_tests else ""
    print(f"      ok, {minutes(time.monotonic() - begun)}{cases}", flush=True)
    return counts


def minutes(seconds: float) -> str:
    """A duration as people say it."""
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{seconds:.1f} s"


def stop(number: int, frame: FrameType | None) -> None:
    """Ends the tests as Ctrl-C does, so that the stack is taken down."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
