"""With AUTH=true, makes MiniStack check the permissions for DynamoDB requests that AWS checks.

IAM has no action for ExecuteStatement and the other PartiQL operations: AWS requires PartiQLSelect, PartiQLUpdate,
PartiQLInsert or PartiQLDelete on the statement's table (DynamoDB developer guide, "IAM security policies with
PartiQL"). MiniStack requires an action named after the operation, without a table, which no
policy can allow. It also ignores the resources that a request names by ARN: the table of an export, an export, a
backup.
"""

import functools
import json
import re

ARN_FIELDS = ("TableArn", "ExportArn", "BackupArn")
PARTIQL_OPERATIONS = {"ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"}
STATEMENT = re.compile(
    r"""\s*(?:(?P<verb>UPDATE|INSERT\s+INTO|DELETE\s+FROM)|SELECT\b.*?\bFROM)\s+"?(?P<table>[A-Za-z0-9_.-]+)"?""",
    re.IGNORECASE | re.DOTALL,
)


def request_fields(body):
    """Returns the fields of a request, or nothing if its body is not a JSON object."""
    try:
        data = json.loads(body or b"{}")
    except (ValueError, TypeError):
        return {}
    return data if isinstance(data, dict) else {}


def statement_permissions(body):
    """Returns IAM action and table for each statement of a request, or nothing if a statement is not recognized."""
    data = request_fields(body)
    statements = data.get("Statements") or data.get("TransactStatements") or [data]
    found = []
    for statement in statements:
        match = STATEMENT.match(str(statement.get("Statement", ""))) if isinstance(statement, dict) else None
        if match is None:
            return []
        verb = (match["verb"] or "SELECT").split()[0].capitalize()
        found.append((f"dynamodb:PartiQL{verb}", match["table"]))
    return found


def wrap(actions, expect_function):
    """Wraps MiniStack's functions that find the action and the resources of a request."""
    action_of = expect_function(
        actions, "extract_iam_action", "service", "method", "path", "headers", "body", "query_params"
    )
    resources_of = expect_function(actions, "dynamodb_resource_arns", "body", "region", "account_id")
    table_arn = expect_function(actions, "_dynamodb_table_arn", "table", "region", "account_id")

    @functools.wraps(action_of)
    def extract_iam_action(service, method, path, headers, body, query_params):
        action = action_of(service, method, path, headers, body, query_params)
        if service != "dynamodb" or not action or action.split(":")[-1] not in PARTIQL_OPERATIONS:
            return action
        # MiniStack still refuses a request that mixes kinds of statements. No worker sends one.
        found = {action for action, _ in statement_permissions(body)}
        return found.pop() if len(found) == 1 else action

    @functools.wraps(resources_of)
    def dynamodb_resource_arns(body, region, account_id):
        tables = sorted({table for _, table in statement_permissions(body)})
        by_statement = [table_arn(table, region, account_id) for table in tables]
        by_arn = [arn for arn in map(request_fields(body).get, ARN_FIELDS) if isinstance(arn, str)]
        return by_statement or by_arn or resources_of(body, region, account_id)

    actions.extract_iam_action = extract_iam_action
    actions.dynamodb_resource_arns = dynamodb_resource_arns
