"""The local AWS: runs MiniStack in this process and fills the gaps in it that matter to this project.

It wraps these functions and nothing else:

- A table export writes the documented files to S3. (MiniStack completes the export without writing any.)
- An item changed by PartiQL appears in the table's stream. (MiniStack streams only the other kinds of writes.)
- A presigned GetCallerIdentity needs a valid signature. (Without AUTH=true, MiniStack checks only the key's name.)
- CloudTrail has each StartExecution call with its caller and its execution. (MiniStack records neither.)
- With AUTH=true, a PartiQL statement needs the same permission as on AWS. (MiniStack requires one that does not exist.)
- `TimeoutSecondsPath` of a Task and `MaxConcurrencyPath` of a Map are resolved before MiniStack sees the state. (It
  supports only the fields without `Path`.)

The wrapped functions are internal to MiniStack, so its version is pinned, and this program exits at the first function
that differs from what the wrappers expect. Called by scripts/local; needs GATEWAY_PORT.
"""

import functools
import importlib.metadata
import inspect
import os
import sys

VERSION = "1.5.33"


class UnexpectedMiniStack(Exception):
    """The installed MiniStack is not the one that the wrappers were written for."""


def expect_function(module, name, *parameters):
    """Returns one of MiniStack's functions. Raises UnexpectedMiniStack if it is missing or has other parameters."""
    function = getattr(module, name, None)
    if function is None:
        raise UnexpectedMiniStack(f"{module.__name__} has no {name}")
    signature = inspect.signature(function)
    if list(signature.parameters) != list(parameters):
        raise UnexpectedMiniStack(f"{module.__name__}.{name} takes {signature}, not ({', '.join(parameters)})")
    return function


def resolve_path_field(stepfunctions, state, field, raw_input, context):
    """Returns the state with `field` set to what `<field>Path` points at, or unchanged if it has no such path."""
    path = state.get(f"{field}Path")
    if path is None:
        return state
    value = stepfunctions._resolve_path_or_ctx(
        path, stepfunctions._apply_input_path(state, raw_input, context), context
    )
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise stepfunctions._ExecutionError(
            "States.Runtime", f"{field}Path {path} points at {value!r}; it must point at a whole number"
        )
    return {**state, field: value}


def wrap_paths(stepfunctions):
    """Resolves the *Path fields of Tasks and Maps."""
    expect_function(stepfunctions, "_resolve_path_or_ctx", "path", "data", "ctx")
    expect_function(stepfunctions, "_apply_input_path", "state_def", "data", "ctx")
    for name, field in (("_execute_task", "TimeoutSeconds"), ("_execute_map", "MaxConcurrency")):
        original = expect_function(stepfunctions, name, "state_def", "raw_input", "execution", "ctx")

        @functools.wraps(original)
        def wrapped(state_def, raw_input, execution, ctx, original=original, field=field):
            state = resolve_path_field(stepfunctions, state_def, field, raw_input, ctx)
            return original(state, raw_input, execution, ctx)

        setattr(stepfunctions, name, wrapped)


def wrap_partiql(dynamodb):
    """Adds a record to the table's stream for a PartiQL UPDATE, as UpdateItem does."""
    emit = expect_function(
        dynamodb, "_emit_stream_event", "table_name", "event_name", "old_item", "new_item", "replicate"
    )
    target = expect_function(dynamodb, "_partiql_key_target", "table", "parsed")
    original = expect_function(dynamodb, "_partiql_update", "table", "parsed", "data")

    @functools.wraps(original)
    def update(table, parsed, data=None):
        key, sort_key, _, refused = target(table, parsed)
        # MiniStack replaces the item instead of changing it in place, so this stays the item before the update.
        before = None if refused else table["items"].get(key, {}).get(sort_key)
        answer = original(table, parsed, data)
        # A transaction calls without data. It may still be cancelled, so its changes are not streamed.
        if data is not None and answer[0] == 200 and before is not None:
            emit(table["TableName"], "MODIFY", before, table["items"][key][sort_key])
        return answer

    dynamodb._partiql_update = update


def signature_failure(evaluator, sigv4, account, method, headers, body, query_params):
    """Returns code and message if a presigned request is not signed by the key that it names, otherwise None."""
    signature = sigv4.parse_query_signature(query_params)
    if isinstance(signature, tuple):
        return signature
    failure = sigv4.request_time_failure(signature)
    if failure is not None:
        return failure
    if evaluator.is_root_access_key(signature.access_key_id):
        secret = "test"
    else:
        token = (query_params.get("X-Amz-Security-Token") or [""])[0]
        credential = evaluator.resolve_credential(signature.access_key_id, account, token)
        if isinstance(credential, evaluator.CredentialResolutionError):
            return "InvalidClientTokenId", "The security token included in the request is invalid."
        secret = credential.secret_access_key
    return sigv4.header_signature_failure(signature, secret, method, "/", query_params, headers, body, presigned=True)


def wrap_signatures(sts, evaluator, sigv4, responses):
    """Checks the signature of a presigned GetCallerIdentity, signed headers included, as AWS does."""
    expect_function(sigv4, "parse_query_signature", "query_params")
    expect_function(sigv4, "request_time_failure", "signature", "now")
    request = ("method", "raw_path", "query_params", "headers", "body")
    expect_function(sigv4, "header_signature_failure", "signature", "secret", *request, "presigned", "explain")
    expect_function(evaluator, "is_root_access_key", "access_key_id")
    expect_function(evaluator, "resolve_credential", "access_key_id", "account_id", "session_token")
    expect_function(evaluator, "find_iam_access_key_account", "access_key_id")
    expect_function(responses, "get_account_id")
    refuse = expect_function(sts, "_error", "status", "code", "message", "ns")
    original = expect_function(sts, "handle_request", "method", "path", "headers", "body", "query_params")

    @functools.wraps(original)
    async def handle_request(method, path, headers, body, query_params):
        if query_params.get("Action") == ["GetCallerIdentity"] and "X-Amz-Signature" in query_params:
            key = (query_params.get("X-Amz-Credential") or [""])[0].split("/")[0]
            account = evaluator.find_iam_access_key_account(key) or responses.get_account_id()
            failure = signature_failure(evaluator, sigv4, account, method, headers, body, query_params)
            if failure is not None:
                return refuse(403, *failure, ns="sts")
        return await original(method, path, headers, body, query_params)

    sts.handle_request = handle_request


def main():
    """Checks and wraps MiniStack, then serves until the process is stopped."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise UnexpectedMiniStack(f"MiniStack {found} is installed, {VERSION} is needed")
    # MiniStack passes its environment to every Lambda. This makes the workers' SDK clients call the emulator.
    os.environ.setdefault("AWS_ENDPOINT_URL", f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}")

    from ministack import app
    from ministack.core import iam_actions, iam_evaluator, responses, sigv4
    from ministack.services import cloudtrail, dynamodb, s3, stepfunctions, sts

    import event_history
    import export_files
    import permissions

    wrap_paths(stepfunctions)
    wrap_partiql(dynamodb)
    wrap_signatures(sts, iam_evaluator, sigv4, responses)
    event_history.wrap(stepfunctions, cloudtrail, sts, expect_function)
    export_files.wrap(dynamodb, s3, expect_function)
    permissions.wrap(iam_actions, expect_function)
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    try:
        main()
    except UnexpectedMiniStack as unexpected:
        sys.exit(f"emulator: {unexpected}. See infra/local/README.md")
