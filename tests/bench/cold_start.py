"""How long the deployed worker takes from its start to its first poll of Lambda's Runtime API, and how large its zip is."""

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
from engines import STACK, Broken

NAME = "init"
TIMES = 20
PATIENCE = 10.0
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
POLL = b"GET /2018-06-01/runtime/invocation/next "
# What Lambda tells every function. Source: Lambda developer guide, "Defined runtime environment variables".
FUNCTION = {
    "AWS_LAMBDA_FUNCTION_NAME": "migrate-segment",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
    "AWS_LAMBDA_LOG_GROUP_NAME": "bench",
    "AWS_LAMBDA_LOG_STREAM_NAME": "bench",
    "AWS_SESSION_TOKEN": "tests",
}


@dataclasses.dataclass(frozen=True)
class ColdStart:
    """The figures of one zip."""

    architecture: str
    seconds: float  # the median
    slowest_seconds: float
    zip_bytes: int


def measured() -> ColdStart:
    """Builds the zip and starts its program again and again."""
    architecture = ARCHITECTURES[platform.machine()]
    archive = building.worker_zip(architecture)
    with tempfile.TemporaryDirectory(prefix="tableshift-bench-") as folder:
        with zipfile.ZipFile(archive) as files:
            program = pathlib.Path(files.extract("bootstrap", folder))
        program.chmod(0o755)
        times = [first_poll(program) for _ in range(TIMES)]
    return ColdStart(architecture, statistics.median(times), max(times), archive.stat().st_size)


def first_poll(program: pathlib.Path) -> float:
    """The seconds from a start to the first poll."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        environment = {**STACK, **FUNCTION, "AWS_LAMBDA_RUNTIME_API": address, "PATH": os.environ["PATH"]}
        began = time.monotonic()
        process = subprocess.Popen([program], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            connection, _ = listener.accept()
            with connection:
                asked = connection.recv(len(POLL), socket.MSG_WAITALL)
                took = time.monotonic() - began
        except TimeoutError as error:
            raise Broken(f"the Lambda program did not poll within {PATIENCE:.0f} s") from error
        finally:
            process.kill()
            said = process.communicate()[1]
    if asked != POLL:
        raise Broken(f"the Lambda program began with {asked!r}: {said.decode()[:2000]}")
    return took
