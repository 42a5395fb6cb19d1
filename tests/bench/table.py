"""Lays out the figures as a Markdown table that is also easy to read in a terminal."""

from contestants import Contestant
from results import Results

HEADINGS = ["", "contestant", "CPU us/item", "x floor", "items/s", "requests/item", "write units/item", "peak RSS MB"]
# The columns with text, which are aligned to the left. Numbers are aligned to the right.
TEXT_COLUMNS = 2
MB = 1_000_000


def render(results: Results) -> str:
    """Returns the table, a line about the setting and a line about the cold start."""
    rows = [row(results, contestant) for contestant in results.figures]
    lines = align([HEADINGS, *rows]) if rows else []
    setting = results.setting
    about = f"{setting.items:,} items of {setting.item_bytes} bytes, median of {results.repeat}" if rows else ""
    start = results.start
    if start:
        lines.append("")
        lines.append(
            f"cold start of the {start.architecture} zip ({start.zip_bytes / MB:.2f} MB) to its first poll: "
            f"median {start.seconds * 1000:.1f} ms, slowest {start.slowest_seconds * 1000:.1f} ms"
        )
    return "\n".join([about, *lines] if about else lines)


def row(results: Results, contestant: Contestant) -> list[str]:
    """Returns a contestant's cells."""
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


def align(rows: list[list[str]]) -> list[str]:
    """Formats rows of cells as a Markdown table with aligned columns. The first row has the headings."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rule = ["-" * width if column < TEXT_COLUMNS else "-" * (width - 1) + ":" for column, width in enumerate(widths)]
    lines = []
    for cells in [rows[0], rule, *rows[1:]]:
        padded = [
            cell.ljust(width) if column < TEXT_COLUMNS else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(padded)} |")
    return lines
