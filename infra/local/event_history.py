"""CloudTrail's event history of StartExecution, in the form in which AWS records it.

MiniStack can record every call, but without its answer and under a made-up user. A record of AWS names the caller as
GetCallerIdentity does, and the execution. See the CloudTrail user guide, "CloudTrail record contents".
"""

import functools
import json
import time
import uuid


def record(caller, request, answer):
    """Returns the event of one StartExecution call that succeeded."""
    now = time.time()
    detail = {
        "eventVersion": "1.08",
        "userIdentity": {
            "arn": caller["userArn"],
            "principalId": caller["userId"],
            "accountId": caller["accountId"],
        },
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "eventSource": "states.amazonaws.com",
        "eventName": "StartExecution",
        "requestParameters": {"stateMachineArn": request.get("stateMachineArn"), "name": request.get("name")},
        "responseElements": {"executionArn": answer["executionArn"]},
    }
    return {
        "EventId": str(uuid.uuid4()),
        "EventName": "StartExecution",
        "EventSource": "states.amazonaws.com",
        "EventTime": now,
        "ReadOnly": "false",
        "Resources": [],
        "CloudTrailEvent": json.dumps(detail),
    }


def wrap(stepfunctions, cloudtrail, sts, expect_function):
    """Adds each successful StartExecution call to the event history."""
    identify = expect_function(sts, "_caller_identity", "headers", "query_params")
    queue = expect_function(cloudtrail, "_get_event_queue")
    original = expect_function(stepfunctions, "handle_request", "method", "path", "headers", "body", "query_params")

    @functools.wraps(original)
    async def handle_request(method, path, headers, body, query_params):
        answer = await original(method, path, headers, body, query_params)
        if headers.get("x-amz-target", "").endswith(".StartExecution") and answer[0] == 200:
            caller = identify(headers, query_params)
            if isinstance(caller, dict):
                queue().append(record(caller, json.loads(body), json.loads(answer[2])))
        return answer

    stepfunctions.handle_request = handle_request
