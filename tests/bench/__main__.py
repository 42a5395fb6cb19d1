"""The bench: what it costs to change an item, for this worker and for what a team would write itself. Run by scripts/bench."""

import argparse
import json
import pathlib
import sys

import building
import chart
import cold_start
import goals
import table
from contestants import ALL, Setting, selected
from engines import Broken
from results import Results
from rounds import play

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main() -> int:
    """The command line; gives the exit code."""
    args = arguments()
    chosen = selected(args.only)
    setting = Setting(items=args.items, item_bytes=args.item_bytes)
    try:
        building.clients(chosen)
        figures = play(chosen, setting, args.repeat)
        start = cold_start.measured() if wants_start(args.only) else None
    except Broken as broken:
        print(f"bench: {broken}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    results = Results(setting, args.repeat, figures, start)
    judged = goals.judge(results)
    print(f"\n{table.drawn(results)}\n\n{goals.told(judged)}")
    args.output.mkdir(parents=True, exist_ok=True)
    (args.output / "bench.json").write_text(json.dumps(results.plain(judged), indent=2) + "\n")
    (args.output / "bench.svg").write_text(chart.drawn(results))
    print(f"\nin {args.output}: bench.json, bench.svg")
    return 0


def arguments() -> argparse.Namespace:
    """What was asked for."""
    names = ", ".join([*(contestant.name for contestant in ALL), cold_start.NAME])
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures the segment worker beside the least and the most that it could cost.",
    )
    parser.add_argument("--items", type=count, default=20_000, metavar="N", help="items in the table; default: 20000")
    parser.add_argument("--item-bytes", type=count, default=300, metavar="N", help="bytes of an item; default: 300")
    parser.add_argument("--repeat", type=count, default=1, metavar="K", help="the median of K rounds; default: 1")
    parser.add_argument(
        "--only",
        type=lambda text: text.split(","),
        metavar="NAME,...",
        help=f"only these, by the beginning of their names: {names}",
    )
    parser.add_argument(
        "--output", type=pathlib.Path, default=ROOT / "target/bench", metavar="DIR", help="default: target/bench"
    )
    args = parser.parse_args()
    if not selected(args.only) and not wants_start(args.only):
        parser.error(f"--only names nothing; there are: {names}")
    return args


def wants_start(only: list[str] | None) -> bool:
    """Whether the cold start is to be measured."""
    return only is None or any(cold_start.NAME.startswith(beginning) for beginning in only)


def count(text: str) -> int:
    """A number from the command line."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("a whole number from 1 on is needed")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
