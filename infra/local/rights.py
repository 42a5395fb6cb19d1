"""What AUTH=true has to know of DynamoDB's requests, and MiniStack does not.

IAM has no action for ExecuteStatement and its like: AWS asks for PartiQLSelect, PartiQLUpdate, PartiQLInsert or PartiQLDelete
on the statement's table (DynamoDB developer guide, "IAM security policies with PartiQL"). MiniStack asks for an action named
after the operation, on no table, which no policy can allow. Nor does it see what a request names by its ARN: the table of an
export, an export, a backup.
"""

import functools
import json
import re

ARNS = ("TableArn", "ExportArn", "BackupArn")
OPERATIONS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
STATEMENT = re.compile(
    r"""\s*(?:(?P<verb>UPDATE|INSERT\s+INTO|DELETE\s+FROM)|SELECT\b.*?\bFROM)\s+"?(?P<table>[A-Za-z0-9_.-]+)"?""",
    re.IGNORECASE | re.DOTALL,
)


def request(body):
    """A request's fields; none if it is no JSON object."""
    try:
        data = json.loads(body or b"{}")
    except (ValueError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def statements(body):
    """The statements of a request, as pairs of IAM action and table; none if one of them cannot be read."""
    data = request(body)
    several = data.get("Statements") or data.get("TransactStatements") or [data]
    found = []
    for one in several:
        match = STATEMENT.match(str(one.get("Statement", ""))) if isinstance(one, dict) else None
        if match is None:
            return []
        verb = (match["verb"] or "SELECT").split()[0].capitalize()
        found.append((f"dynamodb:PartiQL{verb}", match["table"]))
    return found


def wrap(actions, expect):
    """Makes MiniStack ask for the rights that AWS asks for."""
    action_of = expect(
        actions, "extract_iam_action", "service", "method", "path", "headers", "body", "query_params"
    )  # fmt: skip
    tables_of = expect(actions, "dynamodb_resource_arns", "body", "region", "account_id")
    arn_of = expect(actions, "_dynamodb_table_arn", "table", "region", "account_id")

    @functools.wraps(action_of)
    def extract_iam_action(service, method, path, headers, body, query_params):
        action = action_of(service, method, path, headers, body, query_params)
        if service != "dynamodb" or not action or action.split(":")[-1] not in OPERATIONS:
            return action
        # Statements of several kinds in one request are refused as before: no worker sends such.
        found = {action for action, _ in statements(body)}
        return found.pop() if len(found) == 1 else action

    @functools.wraps(tables_of)
    def dynamodb_resource_arns(body, region, account_id):
        named = [arn_of(table, region, account_id) for table in sorted({table for _, table in statements(body)})]
        by_arn = [arn for arn in map(request(body).get, ARNS) if isinstance(arn, str)]
        return named or by_arn or tables_of(body, region, account_id)

    actions.extract_iam_action = extract_iam_action
    actions.dynamodb_resource_arns = dynamodb_resource_arns
