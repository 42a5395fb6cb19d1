"""Starts an execution of the state machine and reads its progress from Step Functions and the ledger."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from stack import Stack


@dataclass(frozen=True)
class MapPhase:
    """The phase of a Map state, and where the phase's checkpoints count the items that it has processed."""

    phase: str
    group: str
    count: str
    verb: str


MAP_PHASES = {
    "DryRun": MapPhase("dry-run", "counts", "scanned", "scanned"),
    "Migrate": MapPhase("migrate", "counts", "changed", "changed"),
    "Verify": MapPhase("verify", "counts", "scanned", "verified"),
    "RollBack": MapPhase("roll-back", "journal", "restored", "restored"),
}


@dataclass
class Step:
    """A state that the execution has entered. The counts are those of a Map."""

    name: str
    began: datetime
    ended: datetime | None = None
    parts: int = 0
    parts_done: int = 0
    items: int = 0
    verb: str = ""

    @property
    def seconds(self) -> float:
        """The duration, until now if the state has not ended."""
        return ((self.ended or datetime.now(UTC)) - self.began).total_seconds()


class Execution:
    """An execution and its run: the run that it started, or an earlier one that its input names."""

    def __init__(self, stack: Stack, name: str, run_input: dict[str, Any]) -> None:
        self.stepfunctions, self.dynamodb = stack.client("stepfunctions"), stack.client("dynamodb")
        self.ledger = stack.ledger
        self.run = run_input.get("run", name)
        started = self.stepfunctions.start_execution(
            stateMachineArn=stack.machine, name=name, input=json.dumps(run_input)
        )
        self.arn: str = started["executionArn"]

    def describe(self) -> dict[str, Any]:
        """Returns DescribeExecution's answer."""
        return self.stepfunctions.describe_execution(executionArn=self.arn)

    def steps(self) -> list[Step]:
        """Returns the Tasks and Maps that the execution has entered, in order. Repeated calls of one are one step."""
        steps: dict[str, Step] = {}
        for event in self._history():
            if event["type"] in ("TaskStateEntered", "MapStateEntered"):
                name = event["stateEnteredEventDetails"]["name"]
                steps.setdefault(name, Step(name, event["timestamp"])).ended = None
            elif event["type"] in ("TaskStateExited", "MapStateExited"):
                steps[event["stateExitedEventDetails"]["name"]].ended = event["timestamp"]
        for label, map_run in self.map_runs().items():
            # A Map may have started after the history was read.
            step, counts = steps.setdefault(label, Step(label, map_run["startDate"])), map_run["itemCounts"]
            step.parts, step.parts_done = counts["total"], counts["succeeded"]
            step.items, step.verb = self._processed_items(MAP_PHASES[label]), MAP_PHASES[label].verb
        return list(steps.values())

    def map_runs(self) -> dict[str, dict[str, Any]]:
        """Returns the Map Runs so far by the label of their Map, as DescribeMapRun describes them."""
        arns = [run["mapRunArn"] for run in self.stepfunctions.list_map_runs(executionArn=self.arn)["mapRuns"]]
        # arn:...:mapRun:<state machine>/<label>:<id>
        return {arn.split("/")[-1].split(":")[0]: self.stepfunctions.describe_map_run(mapRunArn=arn) for arn in arns}

    def children(self, map_run: str) -> Iterator[dict[str, Any]]:
        """Yields the child executions of a Map Run, each with its input and output."""
        for page in self.stepfunctions.get_paginator("list_executions").paginate(mapRunArn=map_run):
            for child in page["executions"]:
                yield self.stepfunctions.describe_execution(executionArn=child["executionArn"])

    def _history(self) -> Iterator[dict[str, Any]]:
        pages = self.stepfunctions.get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=self.arn, includeExecutionData=False):
            yield from page["events"]

    def _processed_items(self, map_phase: MapPhase) -> int:
        """Adds up how many items a phase has processed, from its checkpoints in the ledger."""
        prefix = f"CHECKPOINT#{map_phase.phase}#"
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.ledger,
            KeyConditionExpression="pk = :run AND begins_with(sk, :phase)",
            ExpressionAttributeValues={":run": {"S": f"RUN#{self.run}"}, ":phase": {"S": prefix}},
        )
        tallies = (json.loads(item["tally"]["S"]) for page in pages for item in page["Items"] if "tally" in item)
        return sum(tally[map_phase.group][map_phase.count] for tally in tallies)
