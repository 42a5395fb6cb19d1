"""Running the commands of a step: into a log, with a sign of life, and counted."""

import dataclasses
import os
import pathlib
import re
import signal
import subprocess
import time
from collections.abc import Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
LOGS = ROOT / ".local/test"
# Between two signs of life of a long step.
SIGN_SECONDS = 30
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


class Failed(Exception):
    """A step that failed: what its log says last, and what it counted."""

    def __init__(self, log: pathlib.Path, counts: Counts) -> None:
        text = log.read_text(errors="replace")
        # Of test cases only those that failed; their names stand on lines by themselves, behind what they said.
        lines = "\n".join(FAILURES.findall(text) or [text]).splitlines()
        shown = "\n".join(f"      | {line}" for line in lines[-SHOWN_LINES:])
        super().__init__(f"{shown}\n      the whole log: {log.relative_to(ROOT)}")
        self.counts = counts


def run(name: str, commands: Sequence[Command], counts_tests: bool) -> Counts:
    """Runs a step's commands, up to the first that fails. A step counts as one check, or as many as it has test cases."""
    log = LOGS / f"{name}.log"
    with open(log, "wb") as file:
        good = all(succeeds(command, file, log) for command in commands)
    counts = counted(log) if counts_tests else Counts(passed=1)
    if good:
        return counts
    # A build that fails has no test case that could.
    raise Failed(log, counts if counts_tests and counts.failed else Counts(counts.passed if counts_tests else 0, 1))


def succeeds(command: Command, file, log: pathlib.Path) -> bool:
    """Runs one command to its end; whatever interrupts this ends it, and all that it started."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
    )
    begun = time.monotonic()
    try:
        while True:
            try:
                return process.wait(SIGN_SECONDS) == 0
            except subprocess.TimeoutExpired:
                print(f"      ... {time.monotonic() - begun:.0f} s: {last_line(log)}", flush=True)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def last_line(log: pathlib.Path) -> str:
    """What a log says last, cut to fit on a line."""
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1].strip()[:100] if lines else "nothing yet"


def counted(log: pathlib.Path) -> Counts:
    """The test cases that a log of cargo test tells of."""
    results = RESULT.findall(log.read_text(errors="replace"))
    return Counts(sum(int(passed) for passed, _ in results), sum(int(failed) for _, failed in results))
