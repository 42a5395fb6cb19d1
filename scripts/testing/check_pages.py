"""Checks the Markdown pages: the commands that they show exist, and so do the files that they link to."""

import functools
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

from runner import ROOT

SKIPPED_FOLDERS = {"target", "node_modules", ".venv", ".local", ".git"}
SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# The lookbehind excludes the end of a link such as ../scripts/cli/README.md.
SCRIPT_CALL = re.compile(r"(?<!\.)\./scripts/([\w-]+)([^\n`;|&)#]*)")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def main() -> int:
    """Checks every page and returns the exit code."""
    faults = 0
    for page in sorted(ROOT.rglob("*.md")):
        if SKIPPED_FOLDERS & set(page.relative_to(ROOT).parts):
            continue
        text = page.read_text()
        for fault in (*invalid_blocks(text), *invalid_calls(text), *broken_links(page, text)):
            print(f"{page.relative_to(ROOT)}: {fault}")
            faults += 1
    return 1 if faults else 0


def invalid_blocks(text: str) -> Iterator[str]:
    """Finds shell blocks with a syntax error."""
    for block in SHELL_BLOCK.findall(text):
        checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            yield f"{checked.stderr.strip()} in\n{block}"


def invalid_calls(text: str) -> Iterator[str]:
    """Finds calls of missing scripts, and subcommands and options that the script's --help does not name."""
    for name, arguments in SCRIPT_CALL.findall(text):
        script = ROOT / "scripts" / name
        if not script.is_file():
            yield f"there is no ./scripts/{name}"
            continue
        for word in re.findall(r"--[a-z][a-z-]*|^ (?!-)[a-z]+", arguments):
            if word.strip() not in help_text(script):
                yield f"./scripts/{name} has no {word.strip()}"


@functools.cache
def help_text(script: pathlib.Path) -> str:
    """Returns what a script prints for --help."""
    return subprocess.run([script, "--help"], capture_output=True, text=True, check=False).stdout


def broken_links(page: pathlib.Path, text: str) -> Iterator[str]:
    """Finds links to files that do not exist."""
    for link in LINK.findall(text):
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists():
            yield f"the link to {link} is broken"


if __name__ == "__main__":
    sys.exit(main())
