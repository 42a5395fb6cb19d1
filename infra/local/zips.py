"""Says how large each Lambda zip is and how new a glibc it needs, and fails when Lambda would not take it.

The versions are read from the binary itself, because objdump reads other architectures' binaries only in some builds.
"""

import argparse
import pathlib
import re
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
LARGEST_ZIP = 8_000_000
# e_machine of the ELF header
MACHINES = {62: "x86_64", 183: "arm64"}


def binary(worker):
    """The program in a worker's zip and the zip's size; fails when there is none."""
    path = ROOT / "target" / "lambda" / worker / "bootstrap.zip"
    if not path.exists():
        sys.exit(f"build: {path.relative_to(ROOT)} is missing. Run scripts/build")
    with zipfile.ZipFile(path) as archive:
        return archive.read("bootstrap"), path.stat().st_size


def architecture(program):
    """What processor a program is for: a name of MACHINES or the header's number."""
    machine = int.from_bytes(program[18:20], "little")
    return MACHINES.get(machine, str(machine))


def newest_glibc(program):
    """The newest glibc symbol version that a program names, as (major, minor)."""
    # The names of the versions are in the string table as they stand; anything else of this form would only be stricter.
    versions = {tuple(map(int, v.split(b"."))) for v in re.findall(rb"GLIBC_(\d+\.\d+)", program)}
    return max(versions, default=(0, 0))


def main():
    """Checks the workers named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--glibc", required=True)
    parser.add_argument("workers", nargs="+")
    args = parser.parse_args()

    allowed = tuple(map(int, args.glibc.split(".")))
    complaints = []
    print(f"{'worker':<20}{'zip':>10}   {'newest glibc':<12}   architecture", file=sys.stderr)
    for worker in args.workers:
        program, size = binary(worker)
        glibc, machine = newest_glibc(program), architecture(program)
        print(f"{worker:<20}{size / 1e6:>7.2f} MB   {'.'.join(map(str, glibc)):<12}   {machine}", file=sys.stderr)
        if size >= LARGEST_ZIP:
            complaints.append(f"{worker}: the zip has {size} bytes, {LARGEST_ZIP} or more")
        if glibc > allowed:
            complaints.append(f"{worker}: needs glibc {'.'.join(map(str, glibc))}, Amazon Linux 2023 has {args.glibc}")
        if machine != args.arch:
            complaints.append(f"{worker}: is built for {machine}, not {args.arch}")
    for complaint in complaints:
        print(f"build: {complaint}", file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
