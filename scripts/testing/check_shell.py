"""Runs shellcheck on every shell script of the project. A shell script is a file whose first line names bash."""

import pathlib
import subprocess
import sys

from runner import ROOT

FOLDERS = ("scripts", "infra", "tests", ".ci")
SHELLCHECK = ROOT / ".venv/bin/shellcheck"


def main() -> int:
    """Checks the scripts and returns shellcheck's exit code."""
    files = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    scripts = sorted(path.relative_to(ROOT) for path in files if is_shell_script(path))
    return subprocess.run([SHELLCHECK, "--external-sources", *scripts], cwd=ROOT, check=False).returncode


def is_shell_script(path: pathlib.Path) -> bool:
    """Whether a path is one of the project's shell scripts, and not one that npm installed."""
    if "node_modules" in path.parts or not path.is_file():
        return False
    with path.open("rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and b"bash" in first


if __name__ == "__main__":
    sys.exit(main())
