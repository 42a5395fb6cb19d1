"""An execution of the state machine: started, and followed by what Step Functions and the ledger say of it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# For a Map: its phase in the ledger, and where a checkpoint's counts say how many items are dealt with.
PHASES = {
    "DryRun": ("dry-run", "counts", "scanned", "rehearsed"),
    "Migrate": ("migrate", "counts", "changed", "changed"),
    "Verify": ("verify", "counts", "scanned", "verified"),
    "RollBack": ("roll-back", "journal", "restored", "put back"),
}


@dataclass
class Step:
    """A state at work, or done."""

    name: str
    began: datetime
    ended: datetime | None = None
    parts: int = 0
    parts_done: int = 0
    items: int = 0
    doing: str = ""

    @property
    def seconds(self) -> float:
        """How long it took, so far."""
        return ((self.ended or datetime.now(UTC)) - self.began).total_seconds()


class Execution:
    """One execution and the run that it is, or is about."""

    def __init__(
        self, stepfunctions: Any, dynamodb: Any, ledger: str, machine: str, name: str, given: dict[str, Any]
    ) -> None:
        self.stepfunctions, self.dynamodb, self.ledger = stepfunctions, dynamodb, ledger
        self.run = given.get("run", name)
        started = stepfunctions.start_execution(stateMachineArn=machine, name=name, input=json.dumps(given))
        self.arn: str = started["executionArn"]

    def describe(self) -> dict[str, Any]:
        """What Step Functions says of it."""
        return self.stepfunctions.describe_execution(executionArn=self.arn)

    def steps(self) -> list[Step]:
        """Its Tasks and Maps so far, in order; one that is called several times is one step."""
        steps: dict[str, Step] = {}
        for event in self._history():
            if event["type"] in ("TaskStateEntered", "MapStateEntered"):
                name = event["stateEnteredEventDetails"]["name"]
                steps.setdefault(name, Step(name, event["timestamp"])).ended = None
            elif event["type"] in ("TaskStateExited", "MapStateExited"):
                steps[event["stateExitedEventDetails"]["name"]].ended = event["timestamp"]
        for label, map_run in self.map_runs().items():
            # A Map may have begun since the history was read.
            step, counts = steps.setdefault(label, Step(label, map_run["startDate"])), map_run["itemCounts"]
            step.parts, step.parts_done = counts["total"], counts["succeeded"]
            step.items, step.doing = self._items(label), PHASES[label][3]
        return list(steps.values())

    def map_runs(self) -> dict[str, dict[str, Any]]:
        """The Map Runs so far, by the label of their Map."""
        arns = [run["mapRunArn"] for run in self.stepfunctions.list_map_runs(executionArn=self.arn)["mapRuns"]]
        # arn:...:mapRun:<state machine>/<label>:<id>
        return {arn.split("/")[-1].split(":")[0]: self.stepfunctions.describe_map_run(mapRunArn=arn) for arn in arns}

    def children(self, map_run: str) -> Iterator[dict[str, Any]]:
        """The child executions of a Map Run, each with its input and output."""
        for page in self.stepfunctions.get_paginator("list_executions").paginate(mapRunArn=map_run):
            for child in page["executions"]:
                yield self.stepfunctions.describe_execution(executionArn=child["executionArn"])

    def _history(self) -> Iterator[dict[str, Any]]:
        pages = self.stepfunctions.get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=self.arn, includeExecutionData=False):
            yield from page["events"]

    def _items(self, label: str) -> int:
        """How many items the phase has dealt with, by the checkpoints in the ledger."""
        phase, group, count, _ = PHASES[label]
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.ledger,
            KeyConditionExpression="pk = :run AND begins_with(sk, :phase)",
            ExpressionAttributeValues={":run": {"S": f"RUN#{self.run}"}, ":phase": {"S": f"CHECKPOINT#{phase}#"}},
        )
        tallies = (json.loads(item["tally"]["S"]) for page in pages for item in page["Items"] if "tally" in item)
        return sum(tally[group][count] for tally in tallies)
