"""The demo's data: the airports of the package airportsdata, as a table with an old data model.

Every value is a string, the position is in three separate attributes, and there is no version.
"""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import airportsdata

KEY = "icao"
# An item in DynamoDB JSON, as the API takes and returns it.
Item = dict[str, dict[str, Any]]


def airports(count: int | None) -> Iterator[Item]:
    """Yields `count` airports, or all of them. A larger count repeats the airports under keys with a suffix."""
    source = list(airportsdata.load("ICAO").values())
    count = len(source) if count is None else count
    for number, airport in enumerate(itertools.islice(itertools.cycle(source), count)):
        lap = number // len(source)
        key = airport[KEY] if lap == 0 else f"{airport[KEY]}-{lap + 1}"
        yield {name: {"S": str(value)} for name, value in {**airport, KEY: key}.items()}


def expected_item(item: Item) -> Item:
    """Returns the item that the demo's migration must produce. Written independently, to check the migration."""
    moved = ("lat", "lon", "elevation")
    kept = {name: value for name, value in item.items() if name not in (*moved, "tz")}
    position = {name: {"N": canonical_number(item[name]["S"])} for name in moved}
    return {**kept, "position": {"M": position}, "timeZone": item["tz"], "version": {"N": "2"}}


def canonical_number(text: str) -> str:
    """Formats a decimal number as DynamoDB returns it: no exponent, no trailing zeros."""
    number = Decimal(text)
    return format(number.normalize() if number else Decimal(0), "f")
