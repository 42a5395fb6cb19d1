"""Builds the programs that the benchmark runs, where they have changed."""

import hashlib
import pathlib
import subprocess

from contestants import LOOPS, Contestant
from engines import BenchFailed

ROOT = pathlib.Path(__file__).resolve().parents[2]


def build_programs(contestants: list[Contestant]) -> None:
    """Builds the engines and the Rust programs, and installs the packages of the JavaScript loop if it takes part."""
    if not contestants:
        return
    # The release profile is the one of the deployment, so the worker is measured as it is deployed.
    run("cargo", "build", "--release", "--locked", "--package", "tableshift-tests", "--bins")
    if any(contestant.command[0] == "node" for contestant in contestants):
        install_node_modules()


def build_worker_zip(architecture: str) -> pathlib.Path:
    """Builds the segment worker's zip as it is deployed, for this machine's processor, and returns its path."""
    run(ROOT / "scripts/build", "--arch", architecture, "migrate-segment")
    return ROOT / "target/lambda/migrate-segment/bootstrap.zip"


def install_node_modules() -> None:
    """Installs the packages of the lock file, unless they are already installed."""
    stamp = LOOPS / "node_modules/stamp"
    wanted = hashlib.sha256((LOOPS / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        run("npm", "ci", "--prefix", LOOPS, "--no-audit", "--no-fund", "--loglevel=error")
        stamp.write_text(wanted)


def run(*command: str | pathlib.Path) -> None:
    """Runs a command in the project's folder with its output shown."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise BenchFailed(f"{pathlib.Path(command[0]).name} failed, see above")
