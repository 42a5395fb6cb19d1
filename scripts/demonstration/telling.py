"""What the demo prints besides checks: reports and listings, for a newcomer."""

import json
from typing import Any

from rich.console import Console

from evidence import Folder
from execution import Execution
from stack import USUAL_PORT, Stack


def heading(console: Console, text: str) -> None:
    """A line that begins a chapter."""
    console.print(f"\n[bold]{text}[/]", highlight=False)


def remark(console: Console, text: str) -> None:
    """A line of explanation."""
    console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)


def quote(console: Console, text: str) -> None:
    """A text as it is, set off."""
    for line in text.rstrip().splitlines():
        console.print(f"    {line}", style="dim", markup=False, highlight=False, soft_wrap=True)


def as_json(value: dict[str, Any]) -> str:
    """JSON on one line, for reading."""
    return json.dumps(value, ensure_ascii=False)


def some(count: int, one: str, many: str = "") -> str:
    """A number of things."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def rehearsal(console: Console, report: dict[str, Any]) -> None:
    """The dry run's part of a report, and one item before and after."""
    phase, estimate = report["phases"]["dry-run"], report["estimate"]
    shown = ("scanned", "changed", "already_done", "not_matched", "invalid")
    remark(console, ", ".join(f"{phase['counts'][name]:,} {name.replace('_', ' ')}" for name in shown))
    remark(console, f"the writes take {phase['change_units']:,} write units, by the items' sizes")
    units = f"{estimate['write_units']:,} write and {estimate['read_units']:,} read units"
    remark(console, f"Plan had expected {units}, ${estimate['cost_usd']:.4f} on demand, by the table's size")
    if phase["samples"]:
        sample(console, phase["samples"][0])


def sample(console: Console, example: dict[str, Any]) -> None:
    """What the migration does to one item."""
    remark(console, "for example " + ", ".join(f"{name} {written(value)}" for name, value in example["key"].items()))
    before, after = example["before"], example["after"]
    rows = [(name, written(before[name]), written(after.get(name))) for name in before]
    name_width, before_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, old, new in [("", "before", "after"), *rows]:
        line = f"    {name:<{name_width}}   {old:<{before_width}}   {new}"
        console.print(line, style="" if name else "dim", highlight=False, markup=False, soft_wrap=True)


def written(value: dict[str, Any] | None) -> str:
    """An attribute value as a person writes it."""
    if value is None:
        return "-"
    ((kind, content),) = value.items()
    if kind == "M":
        return "{ " + ", ".join(f"{name}: {written(part)}" for name, part in content.items()) + " }"
    if kind == "L":
        return "[" + ", ".join(map(written, content)) + "]"
    return f'"{content}"' if kind == "S" else str(content)


def verdict(console: Console, phase: dict[str, Any], what: str) -> None:
    """A phase's verdict with its reasons and notes."""
    colour = "green" if phase["verdict"] == "good" else "bold red"
    console.print(f"  {what}: [{colour}]{phase['verdict']}[/]", highlight=False)
    for line in [*phase["reasons"], *phase["notes"]]:
        remark(console, f"  {line}")


def contents(console: Console, folder: Folder) -> None:
    """What a run left in S3."""
    remark(console, f"in s3://{folder.bucket}/{folder.prefix}")
    for name, objects, size in folder.contents():
        remark(console, f"  {name:<15} {some(objects, 'object'):>12}  {size:>12,} bytes")


LOOK_AROUND = """\
The stack is still up. From this folder:

  eval "$({port}./scripts/local env --stage {stage})"
  .venv/bin/aws stepfunctions describe-execution --execution-arn {execution} --query status
  .venv/bin/aws stepfunctions list-map-runs --execution-arn {execution}
  .venv/bin/aws dynamodb list-backups --table-name {table}
  .venv/bin/aws dynamodb scan --table-name {table} --max-items 1
  .venv/bin/aws s3 ls --recursive "s3://$TABLESHIFT_BUCKET/runs/{run}/"
  .venv/bin/aws dynamodb query --table-name "$TABLESHIFT_LEDGER" --key-condition-expression 'pk = :run' \\
    --expression-attribute-values '{{":run":{{"S":"RUN#{run}"}}}}'

The table is as it was before, so the migration can be run again, and so can one of your own:

  .venv/bin/aws stepfunctions start-execution --state-machine-arn "$TABLESHIFT_STATE_MACHINE_ARN" \\
    --input '{{"migration":"{migration}","table":"{table}"}}'

When you are done:  {port}./scripts/local down"""


def look_around(stack: Stack, execution: Execution, table: str, migration: str) -> str:
    """What a person can do with the stack that stays up."""
    return LOOK_AROUND.format(
        port="" if stack.port == USUAL_PORT else f"TABLESHIFT_LOCAL_PORT={stack.port} ",
        stage=stack.stage,
        execution=execution.arn,
        run=execution.run,
        table=table,
        migration=migration,
    )
