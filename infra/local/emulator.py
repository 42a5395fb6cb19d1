"""The local AWS: MiniStack, in this process, with its gaps that matter here filled.

Six things are wrapped, and nothing else:

- an export of a table writes the documented files to S3 (MiniStack completes the export and writes none);
- an item that is changed by PartiQL shows in the table's stream (MiniStack streams the other kinds of writes only);
- a presigned GetCallerIdentity is answered only if its signature is right (MiniStack looks at the key's name alone, unless
  AUTH=true);
- with AUTH=true, a statement of PartiQL takes the right that AWS asks for (MiniStack asks for one that does not exist);
- `TimeoutSecondsPath` of a Task and
- `MaxConcurrencyPath` of a Map are looked up before MiniStack sees the state (it knows only the plain fields).

The wrapped functions are MiniStack's own, not a public interface, so its version is pinned and this stops at the first
function that is not as expected. Run by scripts/local; needs GATEWAY_PORT.
"""

import functools
import importlib.metadata
import inspect
import os
import sys

VERSION = "1.5.33"


class Unexpected(Exception):
    """MiniStack is not the one that the wrappers were written for."""


def expect(module, name, *parameters):
    """A function of MiniStack by name, if it is there with these parameters; fails otherwise."""
    function = getattr(module, name, None)
    if function is None:
        raise Unexpected(f"{module.__name__} has no {name}")
    if list(inspect.signature(function).parameters) != list(parameters):
        raise Unexpected(f"{module.__name__}.{name} takes {inspect.signature(function)}, not ({', '.join(parameters)})")
    return function


def looked_up(stepfunctions, state, field, given, context):
    """The state with `field` set to what its `<field>Path` points at; the same state when it has no such path."""
    path = state.get(f"{field}Path")
    if path is None:
        return state
    value = stepfunctions._resolve_path_or_ctx(path, stepfunctions._apply_input_path(state, given, context), context)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise stepfunctions._ExecutionError(
            "States.Runtime", f"{field}Path {path} points at {value!r}; a whole number is needed"
        )
    return {**state, field: value}


def wrap_paths(stepfunctions):
    """Makes Tasks and Maps see what their *Path fields point at."""
    expect(stepfunctions, "_resolve_path_or_ctx", "path", "data", "ctx")
    expect(stepfunctions, "_apply_input_path", "state_def", "data", "ctx")
    for name, field in (("_execute_task", "TimeoutSeconds"), ("_execute_map", "MaxConcurrency")):
        original = expect(stepfunctions, name, "state_def", "raw_input", "execution", "ctx")

        @functools.wraps(original)
        def wrapped(state_def, raw_input, execution, ctx, original=original, field=field):
            return original(looked_up(stepfunctions, state_def, field, raw_input, ctx), raw_input, execution, ctx)

        setattr(stepfunctions, name, wrapped)


def wrap_partiql(dynamodb):
    """Makes an UPDATE by PartiQL leave a record in the table's stream, as UpdateItem does."""
    emit = expect(dynamodb, "_emit_stream_event", "table_name", "event_name", "old_item", "new_item", "replicate")
    target = expect(dynamodb, "_partiql_key_target", "table", "parsed")
    original = expect(dynamodb, "_partiql_update", "table", "parsed", "data")

    @functools.wraps(original)
    def update(table, parsed, data=None):
        key, sort_key, _, refused = target(table, parsed)
        # The item is replaced, not changed, so this stays the old one.
        before = None if refused else table["items"].get(key, {}).get(sort_key)
        answer = original(table, parsed, data)
        # A transaction, which calls without data, may yet be undone, so its changes are not told.
        if data is not None and answer[0] == 200 and before is not None:
            emit(table["TableName"], "MODIFY", before, table["items"][key][sort_key])
        return answer

    dynamodb._partiql_update = update


def signature_failure(evaluator, sigv4, account, method, headers, body, query_params):
    """Why a presigned request is not signed by whom it names, as code and message; None when it is."""
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
    return sigv4.header_signature_failure(
        signature, secret, method, "/", query_params, headers, body, presigned=True
    )  # fmt: skip


def wrap_signatures(sts, evaluator, sigv4, responses):
    """Makes a presigned GetCallerIdentity prove who signed it, headers included, as AWS does."""
    expect(sigv4, "parse_query_signature", "query_params")
    expect(sigv4, "request_time_failure", "signature", "now")
    expect(
        sigv4, "header_signature_failure",
        "signature", "secret", "method", "raw_path", "query_params", "headers", "body", "presigned", "explain",
    )  # fmt: skip
    expect(evaluator, "is_root_access_key", "access_key_id")
    expect(evaluator, "resolve_credential", "access_key_id", "account_id", "session_token")
    expect(evaluator, "find_iam_access_key_account", "access_key_id")
    expect(responses, "get_account_id")
    refuse = expect(sts, "_error", "status", "code", "message", "ns")
    original = expect(sts, "handle_request", "method", "path", "headers", "body", "query_params")

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
    """Checks MiniStack, wraps it and serves until told to stop."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise Unexpected(f"MiniStack {found} is installed, {VERSION} is needed")
    # MiniStack hands its environment to every Lambda: this is how the workers' SDK clients come back here.
    os.environ.setdefault("AWS_ENDPOINT_URL", f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}")

    from ministack import app
    from ministack.core import iam_actions, iam_evaluator, responses, sigv4
    from ministack.services import dynamodb, s3, stepfunctions, sts

    import export_files
    import rights

    wrap_paths(stepfunctions)
    wrap_partiql(dynamodb)
    wrap_signatures(sts, iam_evaluator, sigv4, responses)
    export_files.wrap(dynamodb, s3, expect)
    rights.wrap(iam_actions, expect)
    sys.argv = sys.argv[:1]
    app.main()


if __name__ == "__main__":
    try:
        main()
    except Unexpected as unexpected:
        sys.exit(f"emulator: {unexpected}. See infra/local/README.md")
