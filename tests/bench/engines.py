"""Runs a DynamoDB and an S3 as two separate processes, empty at first and deleted at the end."""

import collections
import json
import os
import pathlib
import subprocess
import tempfile
import types
from typing import Any

ROOT = pathlib.Path(__file__).resolve().parents[2]
ENGINE = ROOT / "target/release/bench-engine"
BUCKET = "stack"
# The variables that Lambda and the template set. The user's own AWS settings are not passed on.
STACK = {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "tests",
    "AWS_SECRET_ACCESS_KEY": "tests",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "TABLESHIFT_STAGE": "dev",
    "TABLESHIFT_BUCKET": BUCKET,
    "TABLESHIFT_LEDGER": "ledger",
}


class BenchFailed(Exception):
    """The benchmark cannot continue. The message says why."""


class Engines:
    """Both engines, as a context manager."""

    def __init__(self) -> None:
        self.files = tempfile.TemporaryDirectory(prefix="tableshift-bench-")
        (pathlib.Path(self.files.name) / BUCKET).mkdir()
        self.processes = [start_engine("dynamodb"), start_engine("s3", self.files.name)]
        dynamodb, s3 = (read_line(process) for process in self.processes)
        self.environment = {
            "PATH": os.environ["PATH"],
            "NO_PROXY": "127.0.0.1",
            "AWS_ENDPOINT_URL_DYNAMODB": dynamodb,
            "AWS_ENDPOINT_URL_S3": s3,
            **STACK,
        }

    def __enter__(self) -> "Engines":
        return self

    def __exit__(self, kind: type | None, error: Exception | None, trace: types.TracebackType | None) -> None:
        for process in self.processes:
            process.stdin.close()
            process.wait()
            process.stdout.close()
        self.files.cleanup()

    def take_counts(self) -> tuple[dict[str, int], float]:
        """Returns the requests by operation and the table's write units since the last call."""
        requests: collections.Counter[str] = collections.Counter()
        units = 0.0
        for process in self.processes:
            process.stdin.write("\n")
            process.stdin.flush()
            counts: dict[str, Any] = json.loads(read_line(process))
            requests.update(counts["requests"])
            units += sum(counts["write_units"].values())
        return dict(sorted(requests.items())), units

    def run(self, *command: str) -> str:
        """Runs a command that is not measured and returns its output."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchFailed(f"{' '.join(map(str, command[1:]))}: {done.stderr.strip()[:2000]}")
        return done.stdout.strip()


def start_engine(*arguments: str) -> subprocess.Popen[str]:
    """Starts an engine."""
    return subprocess.Popen([ENGINE, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def read_line(process: subprocess.Popen[str]) -> str:
    """Reads the next line that an engine prints."""
    text = process.stdout.readline().strip()
    if not text:
        raise BenchFailed("an engine ended unexpectedly")
    return text
