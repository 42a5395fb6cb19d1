"""Checks the pages for people: commands name scripts and options that exist, links lead somewhere."""

import functools
import pathlib
import re
import subprocess
import sys
from collections.abc import Iterator

from running import ROOT

SKIPPED = {"target", "node_modules", ".venv", ".local", ".git"}
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
# Not the end of a link such as ../scripts/cli/README.md.
CALL = re.compile(r"(?<!\.)\./scripts/([\w-]+)([^\n`;|&)#]*)")
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def main() -> int:
    """Looks at every page; gives the exit code."""
    faults = 0
    for page in sorted(ROOT.rglob("*.md")):
        if SKIPPED & set(page.relative_to(ROOT).parts):
            continue
        text = page.read_text()
        for fault in (*bad_blocks(text), *bad_calls(text), *bad_links(page, text)):
            print(f"{page.relative_to(ROOT)}: {fault}")
            faults += 1
    return 1 if faults else 0


def bad_blocks(text: str) -> Iterator[str]:
    """Blocks of shell that the shell cannot read."""
    for block in BLOCK.findall(text):
        checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        if checked.returncode != 0:
            yield f"{checked.stderr.strip()} in\n{block}"


def bad_calls(text: str) -> Iterator[str]:
    """Calls of scripts that do not exist, or with a word that the script's help does not know."""
    for name, rest in CALL.findall(text):
        script = ROOT / "scripts" / name
        if not script.is_file():
            yield f"there is no ./scripts/{name}"
            continue
        for word in re.findall(r"--[a-z][a-z-]*|^ (?!-)[a-z]+", rest):
            if word.strip() not in help_of(script):
                yield f"./scripts/{name} knows no {word.strip()}"


@functools.cache
def help_of(script: pathlib.Path) -> str:
    """What a script says of itself."""
    return subprocess.run([script, "--help"], capture_output=True, text=True, check=False).stdout


def bad_links(page: pathlib.Path, text: str) -> Iterator[str]:
    """Links to files that are not there."""
    for link in LINK.findall(text):
        if "://" not in link and not link.startswith("mailto:") and not (page.parent / link).exists():
            yield f"the link to {link} leads nowhere"


if __name__ == "__main__":
    sys.exit(main())
