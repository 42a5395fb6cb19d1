"""The benchmark: what it costs to change an item, with this worker and with code that a team could write itself.

Called by scripts/bench.
"""

import argparse
import json
import pathlib
import sys

import building
import chart
import cold_start
import goals
import table
from contestants import ALL, Setting, select
from engines import BenchFailed
from results import Results
from rounds import run_rounds

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> int:
    """Reads the command line, measures and returns the exit code."""
    args = parse_arguments()
    contestants = select(args.only)
    setting = Setting(items=args.items, item_bytes=args.item_bytes)
    try:
        building.build_programs(contestants)
        figures = run_rounds(contestants, setting, args.repeat)
        start = cold_start.measure() if includes_cold_start(args.only) else None
    except BenchFailed as failed:
        print(f"bench: {failed}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    results = Results(setting, args.repeat, figures, start)
    judged = goals.judge(results)
    print(f"\n{table.render(results)}\n\n{goals.render(judged)}")
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "bench.json").write_text(json.dumps(results.as_dict(judged), indent=2) + "\n")
    (args.output / "bench.svg").write_text(chart.render(results))
    print(f"\nwrote bench.json and bench.svg to {args.output}")
    return 0


def parse_arguments() -> argparse.Namespace:
    """Reads the command line."""
    names = ", ".join([*(contestant.name for contestant in ALL), cold_start.NAME])
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures the segment worker next to the cheapest and the most expensive ways to do its work.",
    )
    parser.add_argument(
        "--items", type=positive_number, default=20_000, metavar="N", help="items in the table; default: 20000"
    )
    parser.add_argument(
        "--item-bytes", type=positive_number, default=300, metavar="N", help="bytes per item; default: 300"
    )
    parser.add_argument(
        "--repeat", type=positive_number, default=1, metavar="K", help="take the median of K rounds; default: 1"
    )
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        metavar="NAME,...",
        help=f"measure only those whose names begin with NAME; there are: {names}",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=ROOT / "target/bench", metavar="DIR", help="default: target/bench"
    )
    args = parser.parse_args()
    if not select(args.only) and not includes_cold_start(args.only):
        parser.error(f"--only matches nothing; there are: {names}")
    return args


def includes_cold_start(only: list[str] | None) -> bool:
    """Whether to measure the cold start."""
    return only is None or any(cold_start.NAME.startswith(prefix) for prefix in only)


def positive_number(text: str) -> int:
    """Parses a number from the command line."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("must be a whole number of 1 or more")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
