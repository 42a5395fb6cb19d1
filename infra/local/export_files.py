"""Writes the files of a table export to S3, in the layout that AWS documents for a full export in DynamoDB JSON.

    <S3Prefix>/AWSDynamoDB/<ExportId>/_started
                                      manifest-summary.json   manifest-summary.md5
                                      manifest-files.json     manifest-files.md5      JSON Lines, a line per data file
                                      data/<id>.json.gz                               a line {"Item":{...}} per item

The files have the table's content at the time of the request. AWS exports its content at ExportTime.
"""

import base64
import functools
import gzip
import hashlib
import json
import time
from datetime import UTC, datetime

# AWS writes one or more files per partition. With this number, a table of some 10,000 items already has several files.
ITEMS_PER_FILE = 5_000


def md5_base64(body):
    """Returns the MD5 in the manifests' encoding."""
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def json_line(value):
    """Encodes a value as a line of JSON Lines."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def timestamp(seconds):
    """Formats a time (epoch seconds) as in the manifest."""
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def split_into_files(table):
    """Yields the items of each data file. As in AWS, all items of a partition key are in the same file."""
    keys = sorted(table["items"], key=lambda key: hashlib.md5(str(key).encode()).digest())
    current = []
    for key in keys:
        current.extend(table["items"][key].values())
        if len(current) >= ITEMS_PER_FILE:
            yield current
            current = []
    # An empty table has one empty file.
    if current or not keys:
        yield current


def write_export(put_object, table, description):
    """Writes all files of an export with `put_object(key, body)`. Returns the new fields of its description."""
    arn, prefix = description["ExportArn"], description.get("S3Prefix")
    folder = "/".join(filter(None, [prefix, "AWSDynamoDB", arn.rsplit("/", 1)[1]]))
    put_object(f"{folder}/_started", b"")

    manifest, item_count, size = b"", 0, 0
    for number, items in enumerate(split_into_files(table)):
        lines = b"".join(json_line({"Item": item}) for item in items)
        body = gzip.compress(lines, mtime=0)
        key = f"{folder}/data/{hashlib.md5(f'{arn}/{number}'.encode()).hexdigest()[:26]}.json.gz"
        put_object(key, body)
        etag = hashlib.md5(body).hexdigest()
        file = {"itemCount": len(items), "md5Checksum": md5_base64(body), "etag": etag, "dataFileS3Key": key}
        manifest += json_line(file)
        item_count, size = item_count + len(items), size + len(lines)

    summary = {
        "version": "2020-06-30",
        "exportArn": arn,
        "startTime": timestamp(description["StartTime"]),
        "endTime": timestamp(time.time()),
        "tableArn": description["TableArn"],
        "tableId": description["TableId"],
        "exportTime": timestamp(description.get("ExportTime", description["StartTime"])),
        "s3Bucket": description["S3Bucket"],
        "s3Prefix": prefix,
        "s3SseAlgorithm": description.get("S3SseAlgorithm", "AES256"),
        "s3SseKmsKeyId": description.get("S3SseKmsKeyId"),
        "manifestFilesS3Key": f"{folder}/manifest-files.json",
        "billedSizeBytes": size,
        "itemCount": item_count,
        "outputFormat": description["ExportFormat"],
        "exportType": description["ExportType"],
    }
    for name, body in (("manifest-files", manifest), ("manifest-summary", json.dumps(summary).encode())):
        put_object(f"{folder}/{name}.md5", md5_base64(body).encode())
        put_object(f"{folder}/{name}.json", body)
    return {"ItemCount": item_count, "BilledSizeBytes": size, "ExportManifest": f"{folder}/manifest-summary.json"}


class ExportFailed(Exception):
    """An export that cannot be written. Its arguments are AWS's failure code and a message."""


def run_export(dynamodb, s3, description):
    """Writes the files of a new export. Returns the fields that DescribeExport shows once the export is over."""

    def put_object(key, body):
        status, _, _ = s3._put_object(description["S3Bucket"], key, body, {})
        if status != 200:
            code = "S3NoSuchBucket" if status == 404 else "S3AccessDenied"
            raise ExportFailed(code, f"{key} could not be written to the bucket {description['S3Bucket']}")

    try:
        if (description["ExportFormat"], description["ExportType"]) != ("DYNAMODB_JSON", "FULL_EXPORT"):
            raise ExportFailed("UnsupportedLocally", "The local stack writes only full exports in DynamoDB JSON")
        table = dynamodb._tables[dynamodb._table_name_from_arn(description["TableArn"])]
        return write_export(put_object, table, description)
    except ExportFailed as failed:
        code, message = failed.args
        return {"ExportStatus": "FAILED", "FailureCode": code, "FailureMessage": message}


def wrap(dynamodb, s3, expect_function):
    """Wraps MiniStack's functions that start and describe an export."""
    start = expect_function(dynamodb, "_export_table_to_point_in_time", "data")
    describe = expect_function(dynamodb, "_describe_export", "data")
    expect_function(dynamodb, "_table_name_from_arn", "arn")
    expect_function(s3, "_put_object", "bucket_name", "key", "body", "headers")
    results = {}

    @functools.wraps(start)
    def start_and_write(data):
        status, headers, body = start(data)
        if status == 200:
            arn = json.loads(body)["ExportDescription"]["ExportArn"]
            # For a repeated ClientToken, MiniStack returns the export that is already there.
            if arn not in results:
                results[arn] = run_export(dynamodb, s3, dynamodb._exports[arn])
        return status, headers, body

    @functools.wraps(describe)
    def describe_with_results(data):
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        # MiniStack's own answer counts today's partition keys and lacks the prefix.
        description = dynamodb._exports[data["ExportArn"]]
        if description["ExportStatus"] != "IN_PROGRESS":
            description.update(results.get(data["ExportArn"], {}))
        return dynamodb.json_response({"ExportDescription": description})

    dynamodb._export_table_to_point_in_time = start_and_write
    dynamodb._describe_export = describe_with_results
