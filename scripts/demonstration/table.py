"""Creates, loads and scans the demo's table, and reads its stream."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airports import KEY, Item

# The most items that BatchWriteItem takes. Source: DynamoDB API reference.
BATCH = 25
WRITERS = 4
# How many batches are submitted to the writers at once.
BATCHES_AT_A_TIME = 40


def create(dynamodb: Any, table: str) -> None:
    """Creates an empty on-demand table with point-in-time recovery. Deletes the table of an earlier demo first."""
    if table in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=table)
        dynamodb.get_waiter("table_not_exists").wait(TableName=table)
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": KEY, "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": KEY, "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table)
    recovery = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=table, PointInTimeRecoverySpecification=recovery)


def load(dynamodb: Any, table: str, items: Iterable[Item], loaded: Callable[[int], None]) -> int:
    """Writes the items and returns how many there were. Calls `loaded` with the size of each batch."""

    def write(batch: tuple[Item, ...]) -> int:
        left = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems")
        loaded(len(batch))
        return len(batch)

    # In groups, because the pool's map() reads its whole input at once: a million items should not be in memory.
    with ThreadPoolExecutor(WRITERS) as writers:
        groups = batched(batched(items, BATCH), BATCHES_AT_A_TIME)
        return sum(sum(writers.map(write, group)) for group in groups)


def batched(items: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """Does what itertools.batched does, which Python has from 3.12 on."""
    items = iter(items)
    while batch := tuple(itertools.islice(items, size)):
        yield batch


def scan(dynamodb: Any, table: str) -> Iterator[Item]:
    """Yields every item of the table."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def canonical(item: Item) -> bytes:
    """Encodes an item so that the order of its attributes does not matter."""
    return json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(items: Iterable[Item]) -> tuple[str, int]:
    """Returns the SHA-256 of all items in the order of their keys, and the number of items."""
    ordered = sorted((item[KEY]["S"], hashlib.sha256(canonical(item)).digest()) for item in items)
    whole = hashlib.sha256()
    for _, item_digest in ordered:
        whole.update(item_digest)
    return whole.hexdigest(), len(ordered)


class Stream:
    """The table's DynamoDB stream: an independent record of the writes to the table."""

    def __init__(self, dynamodb: Any, streams: Any, table: str) -> None:
        specification = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        described = dynamodb.update_table(TableName=table, StreamSpecification=specification)["TableDescription"]
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        self.streams, self.arn = streams, described["LatestStreamArn"]
        # For each shard, the sequence number of the last record that was read.
        self.positions: dict[str, str] = {}

    def new_records(self) -> Iterator[dict[str, Any]]:
        """Yields the records since the last call."""
        for shard in self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]:
            yield from self._new_records_of(shard["ShardId"])

    def _new_records_of(self, shard: str) -> Iterator[dict[str, Any]]:
        start = {"ShardIteratorType": "TRIM_HORIZON"}
        if shard in self.positions:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": self.positions[shard]}
        iterator = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **start)["ShardIterator"]
        while iterator:
            page = self.streams.get_records(ShardIterator=iterator, Limit=1000)
            # The emulator returns an empty page only at the end. AWS may return empty pages before the end.
            if not page["Records"]:
                return
            for record in page["Records"]:
                self.positions[shard] = record["dynamodb"]["SequenceNumber"]
                yield record["dynamodb"]
            iterator = page.get("NextShardIterator")
