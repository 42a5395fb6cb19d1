"""Prints everything in the demo but the checks: headings, reports and listings."""

import json
from typing import Any

from rich.console import Console

from evidence import RunFolder
from execution import Execution
from stack import DEFAULT_PORT, Stack


def heading(console: Console, text: str) -> None:
    """Prints the heading of a section."""
    console.print(f"\n[bold]{text}[/]", highlight=False)


def line(console: Console, text: str) -> None:
    """Prints an indented line."""
    console.print(f"  {text}", highlight=False, markup=False, soft_wrap=True)


def quote(console: Console, text: str) -> None:
    """Prints the content of a file, indented and dimmed."""
    for quoted in text.rstrip().splitlines():
        console.print(f"    {quoted}", style="dim", markup=False, highlight=False, soft_wrap=True)


def as_json(value: dict[str, Any]) -> str:
    """Formats a value as JSON on one line."""
    return json.dumps(value, ensure_ascii=False)


def quantity(count: int, singular: str, plural: str = "") -> str:
    """Formats a number with its noun."""
    return f"{count:,} {singular if count == 1 else plural or singular + 's'}"


def dry_run(console: Console, report: dict[str, Any]) -> None:
    """Prints the dry run's part of a report, and a sample item before and after."""
    phase, estimate = report["phases"]["dry-run"], report["estimate"]
    shown = ("scanned", "changed", "already_done", "not_matched", "invalid")
    line(console, ", ".join(f"{phase['counts'][name]:,} {name.replace('_', ' ')}" for name in shown))
    line(console, f"the changes take {phase['change_units']:,} write units, according to the sizes of the items")
    units = f"{estimate['write_units']:,} write units and {estimate['read_units']:,} read units"
    line(console, f"Plan estimated {units}, ${estimate['cost_usd']:.4f} on demand, from the size of the table")
    if phase["samples"]:
        sample(console, phase["samples"][0])


def sample(console: Console, example: dict[str, Any]) -> None:
    """Prints what the migration does to one item."""
    key = ", ".join(f"{name} {format_attribute(value)}" for name, value in example["key"].items())
    line(console, f"for example {key}")
    before, after = example["before"], example["after"]
    rows = [(name, format_attribute(before[name]), format_attribute(after.get(name))) for name in before]
    name_width, before_width = (max(len(row[column]) for row in rows) for column in (0, 1))
    for name, old, new in [("", "before", "after"), *rows]:
        row = f"    {name:<{name_width}}   {old:<{before_width}}   {new}"
        console.print(row, style="" if name else "dim", highlight=False, markup=False, soft_wrap=True)


def format_attribute(value: dict[str, Any] | None) -> str:
    """Formats an attribute value for people, and a missing one as a dash."""
    if value is None:
        return "-"
    ((kind, content),) = value.items()
    if kind == "M":
        return "{ " + ", ".join(f"{name}: {format_attribute(part)}" for name, part in content.items()) + " }"
    if kind == "L":
        return "[" + ", ".join(map(format_attribute, content)) + "]"
    return f'"{content}"' if kind == "S" else str(content)


def verdict(console: Console, phase: dict[str, Any], name: str) -> None:
    """Prints the verdict of a phase with its reasons and notes."""
    colour = "green" if phase["verdict"] == "good" else "bold red"
    console.print(f"  {name}: [{colour}]{phase['verdict']}[/]", highlight=False)
    for text in [*phase["reasons"], *phase["notes"]]:
        line(console, f"  {text}")


def folder_contents(console: Console, folder: RunFolder) -> None:
    """Prints what a run left in S3."""
    line(console, f"in s3://{folder.bucket}/{folder.prefix}")
    for name, objects, size in folder.contents():
        line(console, f"  {name:<15} {quantity(objects, 'object'):>12}  {size:>12,} bytes")


EXPLORATION_HINTS = """\
The stack is still running. In this folder, try:

  eval "$({port}./scripts/local env --stage {stage})"
  .venv/bin/aws stepfunctions describe-execution --execution-arn {execution} --query status
  .venv/bin/aws stepfunctions list-map-runs --execution-arn {execution}
  .venv/bin/aws dynamodb list-backups --table-name {table}
  .venv/bin/aws dynamodb scan --table-name {table} --max-items 1
  .venv/bin/aws s3 ls --recursive "s3://$TABLESHIFT_BUCKET/runs/{run}/"
  .venv/bin/aws dynamodb query --table-name "$TABLESHIFT_LEDGER" --key-condition-expression 'pk = :run' \\
    --expression-attribute-values '{{":run":{{"S":"RUN#{run}"}}}}'

The table is as it was before the migration, so you can run the migration again, or one of your own:

  .venv/bin/aws stepfunctions start-execution --state-machine-arn "$TABLESHIFT_STATE_MACHINE_ARN" \\
    --input '{{"migration":"{migration}","table":"{table}"}}'

When you are done:  {port}./scripts/local down"""


def exploration_hints(stack: Stack, execution: Execution, table: str, migration: str) -> str:
    """Returns commands to explore the stack with while it keeps running."""
    return EXPLORATION_HINTS.format(
        port="" if stack.port == DEFAULT_PORT else f"TABLESHIFT_LOCAL_PORT={stack.port} ",
        stage=stack.stage,
        execution=execution.arn,
        run=execution.run,
        table=table,
        migration=migration,
    )
