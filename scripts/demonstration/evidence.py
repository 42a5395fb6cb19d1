"""What there is to look at after a run: in S3, in DynamoDB's stream, in Step Functions."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airports import KEY
from execution import Execution


class Folder:
    """What a run left under runs/<run>/ in the stack's bucket."""

    def __init__(self, s3: Any, bucket: str, run: str) -> None:
        self.s3, self.bucket, self.prefix = s3, bucket, f"runs/{run}/"

    def objects(self, under: str = "") -> Iterator[dict[str, Any]]:
        """The objects whose keys begin so."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + under)
        for page in pages:
            yield from page.get("Contents", [])

    def read(self, key: str) -> bytes:
        """An object's bytes."""
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def json(self, name: str) -> Any:
        """A JSON object of the run."""
        return json.loads(self.read(self.prefix + name))

    def contents(self) -> list[tuple[str, int, int]]:
        """Per file or folder at the top: its name, how many objects, how many bytes."""
        count: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for item in self.objects():
            first, slash, _ = item["Key"].removeprefix(self.prefix).partition("/")
            count[first + slash] += 1
            size[first + slash] += item["Size"]
        return [(name, count[name], size[name]) for name in count]


@dataclass
class Export:
    """An export's own word on what it holds."""

    manifest: str
    items: int
    items_in_files: int
    files: int


def export(folder: Folder) -> Export | None:
    """The run's export, by the manifests in S3."""
    for item in folder.objects("export/"):
        if item["Key"].endswith("/manifest-summary.json"):
            summary = json.loads(folder.read(item["Key"]))
            lines = folder.read(summary["manifestFilesS3Key"]).splitlines()
            in_files = sum(json.loads(line)["itemCount"] for line in lines)
            return Export(item["Key"], summary["itemCount"], in_files, len(lines))
    return None


@dataclass
class Journal:
    """The run's before-images: for each key, since when one is in S3."""

    entries: int = 0
    objects: int = 0
    stored: dict[str, datetime] = field(default_factory=dict)


def journal(folder: Folder) -> Journal:
    """Reads the whole journal."""
    found = Journal()
    for item in folder.objects("journal/"):
        found.objects += 1
        for line in folder.read(item["Key"]).splitlines():
            key = json.loads(line)["key"][KEY]["S"]
            found.entries += 1
            found.stored[key] = min(found.stored.get(key, item["LastModified"]), item["LastModified"])
    return found


@dataclass
class Writes:
    """The writes to a table, as its stream tells them."""

    # For each key, when it was written, and how often.
    first: dict[str, datetime] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)


def writes(records: Iterable[dict[str, Any]]) -> Writes:
    """Sums a stream's records up."""
    found = Writes()
    for record in records:
        key, at = record["Keys"][KEY]["S"], record["ApproximateCreationDateTime"]
        found.times[key] += 1
        found.first[key] = min(found.first.get(key, at), at)
    return found


def is_later(moment: datetime, written: datetime) -> bool:
    """Whether a moment is later than a write. A stream's times are cut to the second, so both are taken so."""
    return int(moment.timestamp()) > int(written.timestamp())


def written_in_time(journal: Journal, writes: Writes) -> int:
    """How many items were written when their before-image was in S3 already."""
    stored = journal.stored
    return sum(key in stored and not is_later(stored[key], at) for key, at in writes.first.items())


def segments_of_children(execution: Execution, label: str) -> list[int]:
    """Which segments the children of a Map worked on, by their inputs."""
    map_run = execution.map_runs()[label]["mapRunArn"]
    return sorted(json.loads(child["input"])["segment"] for child in execution.children(map_run))
