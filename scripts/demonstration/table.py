"""The demo's table: made, loaded, read as a whole, and watched through its stream."""

import hashlib
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from airports import KEY, Item

# Upper bound of BatchWriteItem. Source: DynamoDB API reference.
BATCH = 25
WRITERS = 4


def create(dynamodb: Any, table: str) -> None:
    """An empty table with point-in-time recovery, on demand. One that is left from a demo before is dropped."""
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
    """Puts the items in; tells how many at a time. Gives how many in all."""

    def write(batch: tuple[Item, ...]) -> int:
        left = {table: [{"PutRequest": {"Item": item}} for item in batch]}
        while left:
            left = dynamodb.batch_write_item(RequestItems=left).get("UnprocessedItems")
        loaded(len(batch))
        return len(batch)

    # By the thousand, because a pool takes in all that it is given: a million items should not be in memory.
    with ThreadPoolExecutor(WRITERS) as writers:
        return sum(sum(writers.map(write, group)) for group in batched(batched(items, BATCH), 40))


def batched(items: Iterable[Any], size: int) -> Iterator[tuple[Any, ...]]:
    """itertools.batched, which Python has from 3.12 on."""
    items = iter(items)
    while batch := tuple(itertools.islice(items, size)):
        yield batch


def scan(dynamodb: Any, table: str) -> Iterator[Item]:
    """Every item."""
    for page in dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True):
        yield from page["Items"]


def canonical(item: Item) -> bytes:
    """An item's bytes, the same whatever order its attributes come in."""
    return json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(items: Iterable[Item]) -> tuple[str, int]:
    """The SHA-256 of all items in the order of their keys, and how many there are."""
    ordered = sorted((item[KEY]["S"], hashlib.sha256(canonical(item)).digest()) for item in items)
    whole = hashlib.sha256()
    for _, one in ordered:
        whole.update(one)
    return whole.hexdigest(), len(ordered)


class Stream:
    """What DynamoDB itself records of the writes to a table."""

    def __init__(self, dynamodb: Any, streams: Any, table: str) -> None:
        wanted = {"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}
        described = dynamodb.update_table(TableName=table, StreamSpecification=wanted)["TableDescription"]
        dynamodb.get_waiter("table_exists").wait(TableName=table)
        self.streams, self.arn = streams, described["LatestStreamArn"]
        # By shard, the last record that was read.
        self.read: dict[str, str] = {}

    def news(self) -> Iterator[dict[str, Any]]:
        """The records since the last call."""
        for shard in self.streams.describe_stream(StreamArn=self.arn)["StreamDescription"]["Shards"]:
            yield from self._news_of(shard["ShardId"])

    def _news_of(self, shard: str) -> Iterator[dict[str, Any]]:
        last = self.read.get(shard)
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": last} if last else {
            "ShardIteratorType": "TRIM_HORIZON"
        }  # fmt: skip
        iterator = self.streams.get_shard_iterator(StreamArn=self.arn, ShardId=shard, **start)["ShardIterator"]
        while iterator:
            page = self.streams.get_records(ShardIterator=iterator, Limit=1000)
            # Here an empty page is the end. On AWS it is not: there only a closed shard has one.
            if not page["Records"]:
                return
            for record in page["Records"]:
                self.read[shard] = record["dynamodb"]["SequenceNumber"]
                yield record["dynamodb"]
            iterator = page.get("NextShardIterator")
