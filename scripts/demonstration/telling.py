"""What the demo prints besides checks: reports and listings, for a newcomer."""

import json
from typing import Any

from rich.console import Console
from rich.table import Table

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


def rehearsal(console: Console, report: dict[str, Any]) -> None:
    """The dry run's part of a report, and one item before and after."""
    phase = report["phases"]["dry-run"]
    counts = phase["counts"]
    shown = ("scanned", "changed", "already_done", "not_matched", "invalid")
    remark(console, ", ".join(f"{counts[name]:,} {name.replace('_', ' ')}" for name in shown))
    remark(console, f"writing will take {phase['change_units']:,} write units; before the dry run, by the table's size,")
    estimate = report["estimate"]
    remark(console, f"{estimate['write_units']:,} were expected: ${estimate['cost_usd']:.2f} on demand, reading included")
    if phase["samples"]:
        sample(console, phase["samples"][0])


def sample(console: Console, example: dict[str, Any]) -> None:
    """What the migration does to one item."""
    key = ", ".join(f"{name} {written(value)}" for name, value in example["key"].items())
    table = Table(title=f"for example {key}", title_justify="left", title_style="", box=None, padding=(0, 3, 0, 0))
    for column in ("  attribute", "before", "after"):
        table.add_column(column, header_style="dim", overflow="fold")
    for name in example["before"]:
        table.add_row(f"  {name}", written(example["before"][name]), written(example["after"].get(name)))
    console.print(table)


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
        console.print(f"    {name:<16} {objects:>4} object{'s' if objects > 1 else ' '}  {size:>12,} bytes", highlight=False)


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
