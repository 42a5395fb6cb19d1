"""The local stack of the demo: uses one that runs, or else starts one with scripts/local and stops it at the end."""

import os
import pathlib
import shlex
import socket
import subprocess
from typing import Any

import boto3

from checklist import DemoFailed

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The stage that needs no approval and does its dry run on an export.
STAGE = "test"
DEFAULT_PORT = "4566"


class Stack:
    """A local AWS with the stage's stack."""

    def __init__(self) -> None:
        # The user's AWS settings must not apply to the demo.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
        self.stage, self.port = STAGE, select_port()
        os.environ["TABLESHIFT_LOCAL_PORT"] = self.port
        self.was_running = is_running()
        self.outputs: dict[str, str] = {}

    def up(self) -> None:
        """Starts, builds and deploys what is missing, and shows the output of that."""
        command = [ROOT / "scripts/local", "up", "--stage", STAGE]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            raise DemoFailed("the local stack did not start, see above")
        lines = (shlex.split(line) for line in done.stdout.splitlines())
        self.outputs = dict(words[1].split("=", 1) for words in lines if words and words[0] == "export")
        os.environ.update(self.outputs)

    def down(self) -> None:
        """Stops everything that `up` started."""
        subprocess.run([ROOT / "scripts/local", "down"], stdout=subprocess.DEVNULL, check=False)

    def client(self, service: str) -> Any:
        """Returns a client that can reach only the local AWS."""
        return boto3.client(service, endpoint_url=self.outputs["AWS_ENDPOINT_URL"])

    @property
    def machine(self) -> str:
        """The ARN of the state machine."""
        return self.outputs["TABLESHIFT_STATE_MACHINE_ARN"]

    @property
    def bucket(self) -> str:
        """The name of the stack's bucket."""
        return self.outputs["TABLESHIFT_BUCKET"]

    @property
    def ledger(self) -> str:
        """The name of the ledger table."""
        return self.outputs["TABLESHIFT_LEDGER"]


def is_running() -> bool:
    """Whether a local stack runs on the selected port."""
    command = [ROOT / "scripts/local", "status"]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def select_port() -> str:
    """Returns TABLESHIFT_LOCAL_PORT if set, or the default port unless another program uses it, or any free port."""
    chosen = os.environ.get("TABLESHIFT_LOCAL_PORT")
    if chosen or is_running():
        return chosen or DEFAULT_PORT
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(DEFAULT_PORT)))
            return DEFAULT_PORT
        except OSError:
            pass
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
