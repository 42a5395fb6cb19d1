"""The local stack that the demo runs on: found or started by scripts/local, and taken down if the demo started it."""

import os
import pathlib
import shlex
import socket
import subprocess
from typing import Any

import boto3

from checks import Stopped

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of the stages that ask nobody, the one that rehearses on an export.
STAGE = "test"
USUAL_PORT = "4566"


class Stack:
    """One local AWS with the stage's stack on it."""

    def __init__(self) -> None:
        # A person's own AWS settings have no say in a demo.
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ.update(AWS_CONFIG_FILE=os.devnull, AWS_SHARED_CREDENTIALS_FILE=os.devnull)
        os.environ["NO_PROXY"] = ",".join(filter(None, [os.environ.get("NO_PROXY"), "127.0.0.1"]))
        self.stage, self.port = STAGE, port()
        os.environ["TABLESHIFT_LOCAL_PORT"] = self.port
        self.was_up = runs()
        self.outputs: dict[str, str] = {}

    def up(self) -> None:
        """Starts what does not run, builds and deploys; shows what that prints."""
        done = subprocess.run([ROOT / "scripts/local", "up", "--stage", STAGE], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Stopped("the local stack did not come up, see above")
        lines = (shlex.split(line) for line in done.stdout.splitlines())
        self.outputs = dict(words[1].split("=", 1) for words in lines if words and words[0] == "export")
        os.environ.update(self.outputs)

    def down(self) -> None:
        """Ends everything that up started."""
        subprocess.run([ROOT / "scripts/local", "down"], stdout=subprocess.DEVNULL)

    def client(self, service: str) -> Any:
        """A client for the local AWS, and for no other."""
        return boto3.client(service, endpoint_url=self.outputs["AWS_ENDPOINT_URL"])

    @property
    def machine(self) -> str:
        """The state machine's ARN."""
        return self.outputs["TABLESHIFT_STATE_MACHINE_ARN"]

    @property
    def bucket(self) -> str:
        """The stack's bucket."""
        return self.outputs["TABLESHIFT_BUCKET"]

    @property
    def ledger(self) -> str:
        """The stack's ledger."""
        return self.outputs["TABLESHIFT_LEDGER"]


def runs() -> bool:
    """Whether a local stack runs on the chosen port."""
    return subprocess.run([ROOT / "scripts/local", "status"], stdout=subprocess.DEVNULL).returncode == 0


def port() -> str:
    """The port that was asked for; else the usual one, if it is free or a local stack is on it; else any free one."""
    chosen = os.environ.get("TABLESHIFT_LOCAL_PORT")
    if chosen or runs():
        return chosen or USUAL_PORT
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(USUAL_PORT)))
            return USUAL_PORT
        except OSError:
            pass
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])
