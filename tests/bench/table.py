"""The figures side by side, as a table that reads well in a terminal and is Markdown."""

from contestants import Contestant
from results import Results

HEADINGS = ["", "contestant", "CPU us/item", "x floor", "items/s", "requests/item", "write units/item", "peak RSS MB"]
MB = 1_000_000


def drawn(results: Results) -> str:
    """The table, and a line on what was measured."""
    rows = [row(results, contestant) for contestant in results.figures]
    lines = aligned([HEADINGS, *rows]) if rows else []
    setting = results.setting
    about = f"{setting.items:,} items of {setting.item_bytes} bytes, median of {results.repeat}" if rows else ""
    start = results.start
    if start:
        lines.append("")
        lines.append(
            f"cold start of the {start.architecture} zip ({start.zip_bytes / MB:.2f} MB) to its first poll: "
            f"{start.seconds * 1000:.1f} ms median, {start.slowest_seconds * 1000:.1f} ms at most"
        )
    return "\n".join([about, *lines] if about else lines)


def row(results: Results, contestant: Contestant) -> list[str]:
    """A contestant's line."""
    figures, to_floor = results.figures[contestant], results.to_floor(contestant)
    return [
        contestant.name,
        contestant.label + (", nothing to do" if contestant.done else ""),
        f"{figures.cpu_micros:,.1f}",
        "" if to_floor is None else f"{to_floor:.2f}",
        f"{figures.items_per_second:,.0f}",
        f"{figures.requests_per_item:.4f}",
        f"{figures.units_per_item:.4g}",
        f"{figures.peak_bytes / MB:.1f}",
    ]


def aligned(rows: list[list[str]]) -> list[str]:
    """A Markdown table whose columns line up: the first two to the left, numbers to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rule = ["-" * width if column < 2 else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    cells = [
        [
            text.ljust(width) if column < 2 else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths))
        ]
        for row in [rows[0], rule, *rows[1:]]
    ]
    return [f"| {' | '.join(line)} |" for line in cells]
