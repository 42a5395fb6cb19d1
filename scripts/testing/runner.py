"""Runs the commands of a step: writes their output to a log, prints progress and counts the test cases."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import time
from collections.abc import Sequence
from typing import IO

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / ".local/test"
# How often a long command prints a progress line.
PROGRESS_SECONDS = 30
# How much of a failed step's log is printed.
SHOWN_LINES = 80
RESULT = re.compile(r"^test result: .*? (\d+) passed; (\d+) failed;", re.MULTILINE)
FAILURES = re.compile(r"^failures:\n\n----.*?^test result: FAILED[^\n]*", re.MULTILINE | re.DOTALL)

Command = Sequence[str]


@dataclasses.dataclass(frozen=True)
class Counts:
    """How many test cases or checks passed and failed."""

    passed: int = 0
    failed: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed)


class StepFailed(Exception):
    """A failed step: the message has the end of its log, `counts` what it counted until then."""

    def __init__(self, log: pathlib.Path, counts: Counts) -> None:
        text = log.read_text(errors="replace")
        # Of a test run, show only the failed test cases with their output.
        lines = "\n".join(FAILURES.findall(text) or [text]).splitlines()
        shown = "\n".join(f"      | {line}" for line in lines[-SHOWN_LINES:])
        super().__init__(f"{shown}\n      full log: {log.relative_to(ROOT)}")
        self.counts = counts


def run_commands(name: str, commands: Sequence[Command], counts_tests: bool) -> Counts:
    """Runs a step's commands until one fails.

    A step counts as one check, or with `counts_tests` as the number of its test cases.
    """
    log = LOGS / f"{name}.log"
    with log.open("wb") as file:
        succeeded = all(run_command(command, file, log) for command in commands)
    counts = count_tests(log) if counts_tests else Counts(passed=1)
    if succeeded:
        return counts
    # A step that fails without a failed test case, for example in the build, counts as one failure.
    raise StepFailed(log, counts if counts_tests and counts.failed else Counts(counts.passed if counts_tests else 0, 1))


def run_command(command: Command, file: IO[bytes], log: pathlib.Path) -> bool:
    """Runs one command and says whether it succeeded. When interrupted, ends the command and all its children."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
    )
    start = time.monotonic()
    try:
        while True:
            try:
                return process.wait(PROGRESS_SECONDS) == 0
            except subprocess.TimeoutExpired:
                print(f"      ... {time.monotonic() - start:.0f} s: {last_line(log)}", flush=True)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def last_line(log: pathlib.Path) -> str:
    """Returns the last line of a log, at most 100 characters of it."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip()[:100] if lines else "no output yet"


def count_tests(log: pathlib.Path) -> Counts:
    """Adds up the test results in a log of `cargo test`."""
    results = RESULT.findall(log.read_text(errors="replace"))
    return Counts(sum(int(passed) for passed, _ in results), sum(int(failed) for _, failed in results))
