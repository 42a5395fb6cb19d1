"""Checks that every script can be read: shell by bash, Python by Python."""

import subprocess
import sys

from running import ROOT

FOLDERS = ("scripts", "infra", ".ci")


def main() -> int:
    """Looks at every file that says in its first line, or by its name, what it is; gives the exit code."""
    faults = 0
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    for path in paths:
        if not path.is_file() or {"node_modules", "__pycache__"} & set(path.parts):
            continue
        first = path.read_bytes().split(b"\n", 1)[0]
        if path.suffix == ".py":
            faults += unreadable_python(path)
        elif first.startswith(b"#!") and b"bash" in first:
            faults += subprocess.run(["bash", "-n", path]).returncode != 0
    return 1 if faults else 0


def unreadable_python(path) -> bool:
    """Says what is wrong with a module, if anything is."""
    try:
        compile(path.read_bytes(), str(path), "exec")
    except SyntaxError as error:
        print(f"{path.relative_to(ROOT)}:{error.lineno}: {error.msg}")
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
