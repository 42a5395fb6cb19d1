"""Writes what ExportTableToPointInTime leaves in S3, in the layout that AWS documents, for a full export in DynamoDB JSON.

    <S3Prefix>/AWSDynamoDB/<ExportId>/_started
                                      manifest-summary.json   manifest-summary.md5
                                      manifest-files.json     manifest-files.md5      JSON Lines, one a data file
                                      data/<id>.json.gz                               {"Item":{...}} a line

The files hold the table as it is when the export is asked for. AWS exports it as it was at ExportTime.
"""

import base64
import functools
import gzip
import hashlib
import json
import time
from datetime import UTC, datetime

# AWS writes a file or more per partition. So many items a file make a table of some tens of thousands a real fan-out.
ITEMS_PER_FILE = 5_000


def md5_base64(body):
    """MD5 as the manifests give it."""
    return base64.b64encode(hashlib.md5(body).digest()).decode()


def json_line(value):
    """A value as a line of JSON Lines."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def timestamp(seconds):
    """A time as the manifest gives it."""
    return datetime.fromtimestamp(float(seconds), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def files_of(table):
    """The table's items in lists, one a data file. As in AWS, the items of a partition key are never in two files."""
    keys = sorted(table["items"], key=lambda key: hashlib.md5(str(key).encode()).digest())
    current = []
    for key in keys:
        current.extend(table["items"][key].values())
        if len(current) >= ITEMS_PER_FILE:
            yield current
            current = []
    # An empty table still has a file, an empty one.
    if current or not keys:
        yield current


def write(put, table, description):
    """Writes all files of an export and completes its description. `put` stores a body under a key."""
    arn, prefix = description["ExportArn"], description.get("S3Prefix")
    folder = "/".join(filter(None, [prefix, "AWSDynamoDB", arn.rsplit("/", 1)[1]]))
    put(f"{folder}/_started", b"")

    manifest, items, size = b"", 0, 0
    for number, batch in enumerate(files_of(table)):
        lines = b"".join(json_line({"Item": item}) for item in batch)
        body = gzip.compress(lines, mtime=0)
        key = f"{folder}/data/{hashlib.md5(f'{arn}/{number}'.encode()).hexdigest()[:26]}.json.gz"
        put(key, body)
        etag = hashlib.md5(body).hexdigest()
        manifest += json_line(
            {"itemCount": len(batch), "md5Checksum": md5_base64(body), "etag": etag, "dataFileS3Key": key}
        )
        items, size = items + len(batch), size + len(lines)

    summary = json.dumps(
        {
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
            "itemCount": items,
            "outputFormat": description["ExportFormat"],
            "exportType": description["ExportType"],
        }
    ).encode()
    for name, body in (("manifest-files", manifest), ("manifest-summary", summary)):
        put(f"{folder}/{name}.md5", md5_base64(body).encode())
        put(f"{folder}/{name}.json", body)
    return {"ItemCount": items, "BilledSizeBytes": size, "ExportManifest": f"{folder}/manifest-summary.json"}


class Failed(Exception):
    """An export that cannot be written: AWS's failure code and a sentence."""


def export(dynamodb, s3, description):
    """Writes a new export's files. Gives what DescribeExport is to say of it once it is over."""

    def put(key, body):
        status, _, _ = s3._put_object(description["S3Bucket"], key, body, {})
        if status != 200:
            code = "S3NoSuchBucket" if status == 404 else "S3AccessDenied"
            raise Failed(code, f"{key} could not be written to the bucket {description['S3Bucket']}")

    try:
        if (description["ExportFormat"], description["ExportType"]) != ("DYNAMODB_JSON", "FULL_EXPORT"):
            raise Failed("UnsupportedLocally", "The local stack writes full exports in DynamoDB JSON only")
        return write(put, dynamodb._tables[dynamodb._table_name_from_arn(description["TableArn"])], description)
    except Failed as failed:
        code, message = failed.args
        return {"ExportStatus": "FAILED", "FailureCode": code, "FailureMessage": message}


def wrap(dynamodb, s3, expect):
    """Makes MiniStack's exports write their files and its DescribeExport tell of them."""
    start = expect(dynamodb, "_export_table_to_point_in_time", "data")
    describe = expect(dynamodb, "_describe_export", "data")
    expect(dynamodb, "_table_name_from_arn", "arn")
    expect(s3, "_put_object", "bucket_name", "key", "body", "headers")
    written = {}

    @functools.wraps(start)
    def start_and_write(data):
        status, headers, body = start(data)
        if status == 200:
            arn = json.loads(body)["ExportDescription"]["ExportArn"]
            # A repeated ClientToken answers with the export that is already there.
            if arn not in written:
                written[arn] = export(dynamodb, s3, dynamodb._exports[arn])
        return status, headers, body

    @functools.wraps(describe)
    def describe_written(data):
        status, headers, body = describe(data)
        if status != 200:
            return status, headers, body
        # MiniStack counts partition keys as they are now and leaves out the prefix.
        description = dynamodb._exports[data["ExportArn"]]
        if description["ExportStatus"] != "IN_PROGRESS":
            description.update(written.get(data["ExportArn"], {}))
        return dynamodb.json_response({"ExportDescription": description})

    dynamodb._export_table_to_point_in_time = start_and_write
    dynamodb._describe_export = describe_written
