"""A DynamoDB and an S3 as two processes of their own, empty at first and gone afterwards."""

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
# What Lambda and the template would put there. Nothing of the person's own AWS settings is passed on.
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


class Broken(Exception):
    """The bench cannot go on; the text says why."""


class Engines:
    """Both engines; to be used in a `with`."""

    def __init__(self) -> None:
        self.files = tempfile.TemporaryDirectory(prefix="tableshift-bench-")
        (pathlib.Path(self.files.name) / BUCKET).mkdir()
        self.processes = [started("dynamodb"), started("s3", self.files.name)]
        dynamodb, s3 = (line(process) for process in self.processes)
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

    def counted(self) -> tuple[dict[str, int], float]:
        """The requests by operation, and the table's write units, since this was asked last."""
        requests: collections.Counter[str] = collections.Counter()
        units = 0.0
        for process in self.processes:
            process.stdin.write("\n")
            process.stdin.flush()
            counts: dict[str, Any] = json.loads(line(process))
            requests.update(counts["requests"])
            units += sum(counts["write_units"].values())
        return dict(sorted(requests.items())), units

    def do(self, *command: str) -> str:
        """Runs what is not measured; gives its last line."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise Broken(f"{' '.join(map(str, command[1:]))}: {done.stderr.strip()[:2000]}")
        return done.stdout.strip()


def started(*words: str) -> subprocess.Popen[str]:
    """An engine's process."""
    return subprocess.Popen([ENGINE, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    """The next line that an engine prints."""
    text = process.stdout.readline().strip()
    if not text:
        raise Broken("an engine ended by itself")
    return text
