"""Prints the size and the required glibc of each Lambda zip, and fails if Lambda would refuse one.

The versions come from the binary itself, because many builds of objdump cannot read binaries of other architectures.
"""

import argparse
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The project's own limit, in bytes. A zip must be smaller.
SIZE_LIMIT = 8_000_000
# Values of e_machine in the ELF header.
MACHINES = {62: "x86_64", 183: "arm64"}


def read_zip(worker):
    """Returns the program in a worker's zip and the size of the zip in bytes. Exits if there is no zip."""
    path = ROOT / "target" / "lambda" / worker / "bootstrap.zip"
    if not path.exists():
        sys.exit(f"build: {path.relative_to(ROOT)} is missing. Run scripts/build")
    with zipfile.ZipFile(path) as archive:
        return archive.read("bootstrap"), path.stat().st_size


def architecture(program):
    """Returns the processor that a program is built for: a name from MACHINES, or the number in the header."""
    machine = int.from_bytes(program[18:20], "little")
    return MACHINES.get(machine, str(machine))


def newest_glibc(program):
    """Returns the newest glibc symbol version that a program names, as (major, minor)."""
    # The string table has the version names in plain bytes. A match elsewhere could only make the check stricter.
    versions = {tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", program)}
    return max(versions, default=(0, 0))


def main():
    """Checks the workers on the command line and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--glibc", required=True)
    parser.add_argument("workers", nargs="+")
    args = parser.parse_args()

    allowed = tuple(map(int, args.glibc.split(".")))
    faults = []
    print(f"{'worker':<20}{'zip':>10}   {'newest glibc':<12}   architecture", file=sys.stderr)
    for worker in args.workers:
        program, size = read_zip(worker)
        glibc, machine = newest_glibc(program), architecture(program)
        print(f"{worker:<20}{size / 1e6:>7.2f} MB   {'.'.join(map(str, glibc)):<12}   {machine}", file=sys.stderr)
        if size >= SIZE_LIMIT:
            faults.append(f"{worker}: the zip has {size} bytes; it must have less than {SIZE_LIMIT}")
        if glibc > allowed:
            faults.append(f"{worker}: needs glibc {'.'.join(map(str, glibc))}; Amazon Linux 2023 has {args.glibc}")
        if machine != args.arch:
            faults.append(f"{worker}: is built for {machine}, not for {args.arch}")
    for fault in faults:
        print(f"build: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
