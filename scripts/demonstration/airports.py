"""The demo's data: the airports of the package airportsdata, as a table that a careless past has left behind.

Everything is a text, the position lies flat beside the rest, and nothing says which shape an item has.
"""

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import airportsdata

KEY = "icao"
# An item in DynamoDB's own JSON, as the API takes and gives it.
Item = dict[str, dict[str, Any]]


def airports(count: int | None) -> Iterator[Item]:
    """So many airports, or all. Beyond all of them they begin again, under a key with a suffix."""
    source = list(airportsdata.load("ICAO").values())
    count = len(source) if count is None else count
    for number, airport in enumerate(itertools.islice(itertools.cycle(source), count)):
        lap = number // len(source)
        key = airport[KEY] if lap == 0 else f"{airport[KEY]}-{lap + 1}"
        yield {name: {"S": str(value)} for name, value in {**airport, KEY: key}.items()}


def restructured(item: Item) -> Item:
    """What the demo's migration is to make of an item: written down a second time, so that one can judge the other."""
    flat = ("lat", "lon", "elevation")
    kept = {name: value for name, value in item.items() if name not in (*flat, "tz")}
    position = {name: {"N": plain(item[name]["S"])} for name in flat}
    return {**kept, "position": {"M": position}, "timeZone": item["tz"], "version": {"N": "2"}}


def plain(text: str) -> str:
    """A decimal text as DynamoDB gives it back: no exponent, no zeros that say nothing."""
    number = Decimal(text)
    return format(number.normalize() if number else Decimal(0), "f")
