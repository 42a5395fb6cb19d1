"""Measures the size of the deployed worker's zip, and the time from its start to its first poll of the Runtime API."""

import dataclasses
import os
import pathlib
import platform
import socket
import statistics
import subprocess
import tempfile
import time
import zipfile

import building
from engines import STACK, BenchFailed

NAME = "init"
STARTS = 20
TIMEOUT_SECONDS = 10.0
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
POLL = b"GET /2018-06-01/runtime/invocation/next "
# The variables that Lambda sets. Source: Lambda developer guide, "Defined runtime environment variables".
LAMBDA_ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "migrate-segment",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    "AWS_SESSION_TOKEN": "tests",
}


@dataclasses.dataclass(frozen=True)
class ColdStart:
    """The figures of one zip. `seconds` is the median of all starts."""

    architecture: str
    seconds: float
    slowest_seconds: float
    zip_bytes: int


def measure() -> ColdStart:
    """Builds the zip and starts its program several times."""
    architecture = ARCHITECTURES[platform.machine()]
    archive = building.build_worker_zip(architecture)
    with tempfile.TemporaryDirectory(prefix="tableshift-bench-") as folder:
        with zipfile.ZipFile(archive) as files:
            program = pathlib.Path(files.extract("bootstrap", folder))
        program.chmod(0o755)
        times = [seconds_to_first_poll(program) for _ in range(STARTS)]
    return ColdStart(architecture, statistics.median(times), max(times), archive.stat().st_size)


def seconds_to_first_poll(program: pathlib.Path) -> float:
    """Starts the program and returns the seconds until its first poll."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(TIMEOUT_SECONDS)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        environment = {
            **STACK,
            **LAMBDA_ENVIRONMENT,
            "AWS_LAMBDA_RUNTIME_API": address,
            "PATH": os.environ["PATH"],
        }
        start = time.monotonic()
        process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            connection, _ = listener.accept()
            with connection:
                request = connection.recv(len(POLL), socket.MSG_WAITALL)
                seconds = time.monotonic() - start
        except TimeoutError as error:
            raise BenchFailed(f"the Lambda program did not poll within {TIMEOUT_SECONDS:.0f} s") from error
        finally:
            process.kill()
            errors = process.communicate()[1]
    if request != POLL:
        raise BenchFailed(f"the Lambda program's first request was {request!r}, not a poll: {errors.decode()[:2000]}")
    return seconds
