"""Builds what the bench runs, as far as it has changed."""

import hashlib
import pathlib
import subprocess

from contestants import LOOPS, Contestant
from engines import Broken

ROOT = pathlib.Path(__file__).resolve().parents[2]


def clients(chosen: list[Contestant]) -> None:
    """The engines, the Rust contestants and, if it takes part, what the JavaScript loop needs."""
    if not chosen:
        return
    # The release profile is the deployed one, so the worker is measured as it is deployed.
    run("cargo", "build", "--release", "--locked", "--package", "tableshift-tests", "--bins")
    if any(contestant.command[0] == "node" for contestant in chosen):
        node_modules()


def worker_zip(architecture: str) -> pathlib.Path:
    """The segment worker's zip as it is deployed, for this machine's processor."""
    run(ROOT / "scripts/build", "--arch", architecture, "migrate-segment")
    return ROOT / "target/lambda/migrate-segment/bootstrap.zip"


def node_modules() -> None:
    """Installs the lock file's packages unless they are there."""
    stamp = LOOPS / "node_modules/stamp"
    wanted = hashlib.sha256((LOOPS / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        run("npm", "ci", "--prefix", LOOPS, "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def run(*command: str | pathlib.Path) -> None:
    """Runs a command in the project; shows what it prints."""
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        raise Broken(f"{pathlib.Path(command[0]).name} failed, see above")
