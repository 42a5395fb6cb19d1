"""Reads what a run left in S3, in DynamoDB's stream and in Step Functions, so that the demo can check the run."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airports import KEY
from execution import Execution


class RunFolder:
    """The objects of a run: everything under runs/<run>/ in the stack's bucket."""

    def __init__(self, s3: Any, bucket: str, run: str) -> None:
        self.s3, self.bucket, self.prefix = s3, bucket, f"runs/{run}/"

    def objects(self, prefix: str = "") -> Iterator[dict[str, Any]]:
        """Yields the objects whose names in the folder begin with `prefix`, as ListObjectsV2 describes them."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix + prefix)
        for page in pages:
            yield from page.get("Contents", [])

    def read(self, key: str) -> bytes:
        """Reads an object by its full key."""
        return self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def read_json(self, name: str) -> Any:
        """Reads a JSON object by its name in the folder."""
        return json.loads(self.read(self.prefix + name))

    def contents(self) -> list[tuple[str, int, int]]:
        """Lists the files and folders at the top level with their number of objects and of bytes."""
        count: Counter[str] = Counter()
        size: Counter[str] = Counter()
        for item in self.objects():
            first, slash, _ = item["Key"].removeprefix(self.prefix).partition("/")
            count[first + slash] += 1
            size[first + slash] += item["Size"]
        return [(name, count[name], size[name]) for name in count]


@dataclass
class Export:
    """What an export contains, according to its manifests: `items` from the summary, `items_in_files` from the list."""

    items: int
    items_in_files: int
    files: int


def read_export(folder: RunFolder) -> Export | None:
    """Reads the manifests of the run's export, if there is one."""
    for item in folder.objects("export/"):
        if item["Key"].endswith("/manifest-summary.json"):
            summary = json.loads(folder.read(item["Key"]))
            lines = folder.read(summary["manifestFilesS3Key"]).splitlines()
            in_files = sum(json.loads(line)["itemCount"] for line in lines)
            return Export(summary["itemCount"], in_files, len(lines))
    return None


@dataclass
class Journal:
    """The run's before-images. `stored` has for each key the time when its first before-image was in S3."""

    entries: int = 0
    stored: dict[str, datetime] = field(default_factory=dict)


def read_journal(folder: RunFolder) -> Journal:
    """Reads the whole journal."""
    found = Journal()
    for item in folder.objects("journal/"):
        for line in folder.read(item["Key"]).splitlines():
            key = json.loads(line)["key"][KEY]["S"]
            found.entries += 1
            found.stored[key] = min(found.stored.get(key, item["LastModified"]), item["LastModified"])
    return found


@dataclass
class Writes:
    """The writes to a table, according to its stream: for each key, the time of the first one and their number."""

    first: dict[str, datetime] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)


def count_writes(records: Iterable[dict[str, Any]]) -> Writes:
    """Adds up the records of a stream."""
    found = Writes()
    for record in records:
        key, at = record["Keys"][KEY]["S"], record["ApproximateCreationDateTime"]
        found.times[key] += 1
        found.first[key] = min(found.first.get(key, at), at)
    return found


def is_after(time: datetime, write: datetime) -> bool:
    """Whether a time is after a write. The stream truncates its times to seconds, so this compares whole seconds."""
    return int(time.timestamp()) > int(write.timestamp())


def count_journaled_first(journal: Journal, writes: Writes) -> int:
    """Counts the items whose before-image was in S3 before their first write."""
    stored = journal.stored
    return sum(key in stored and not is_after(stored[key], at) for key, at in writes.first.items())


def child_segments(execution: Execution, label: str) -> list[int]:
    """Returns the segments that the children of a Map processed, from the children's inputs."""
    map_run = execution.map_runs()[label]["mapRunArn"]
    return sorted(json.loads(child["input"])["segment"] for child in execution.children(map_run))
