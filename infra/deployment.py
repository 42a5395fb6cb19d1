"""Packages and deploys one stage's stack with the AWS CLI. scripts/deploy and scripts/local both come here."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "infra/template.yaml"
DEFINITION = ROOT / "state-machines/migrate-table/definition.asl.json"
LAMBDAS = ROOT / "target/lambda"
STAGES = ("dev", "test", "prod")
TOOLS = ROOT / ".venv/bin"
ASL_VALIDATOR = ROOT / "infra/local/node_modules/.bin/asl-validator"


def parameters(stage, architecture):
    """The template's parameters for a stage, from its file in infra/stages."""
    settings = json.loads((ROOT / f"infra/stages/{stage}.json").read_text())
    return {
        "Stage": stage,
        "Architecture": architecture,
        **settings["parameters"],
        "Policy": json.dumps(settings["policy"], separators=(",", ":")),
    }


def default_stack(stage):
    """The stack's name where none is given."""
    return f"tableshift-{stage}"


def zips():
    """Every worker's zip that the template names; stops when one is not built."""
    lines = [line.split()[1] for line in TEMPLATE.read_text().splitlines() if line.lstrip().startswith("CodeUri:")]
    paths = [(TEMPLATE.parent / line).resolve() for line in lines]
    for path in paths:
        if not path.exists():
            sys.exit(f"deploy: {path.relative_to(ROOT)} is missing. Run scripts/build")
    return paths


def digest(stage, architecture):
    """What a deployment of this stage would hold, as a hash: equal hashes need no second deployment."""
    parts = [TEMPLATE.read_bytes(), DEFINITION.read_bytes(), json.dumps(parameters(stage, architecture)).encode()]
    for path in zips():
        # The program and not the zip: a rebuilt zip differs by its time stamps alone.
        with zipfile.ZipFile(path) as archive:
            parts.append(archive.read("bootstrap"))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def run(*command, env=None, quiet=False):
    """Runs a tool with its output on stderr, `quiet`ly only when it fails; stops when it fails."""
    output = {"capture_output": True, "text": True} if quiet else {"stdout": sys.stderr}
    done = subprocess.run([str(part) for part in command], env={**(env or os.environ), "AWS_PAGER": ""}, **output)
    if done.returncode != 0:
        if quiet:
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"deploy: {pathlib.Path(command[0]).name} {' '.join(map(str, command[1:3]))} failed, see above")


def check():
    """Checks template and definition without an account or a network."""
    run(TOOLS / "cfn-lint", TEMPLATE)
    run(ASL_VALIDATOR, "--json-path", DEFINITION)


def deploy(stage, architecture, stack, artifact_bucket, workspace, env=None):
    """Uploads zips and definition to the artifact bucket and creates or updates the stack."""
    zips()
    workspace.mkdir(parents=True, exist_ok=True)
    aws, packaged = TOOLS / "aws", workspace / f"{stack}.yaml"
    location = ["--s3-bucket", artifact_bucket, "--s3-prefix", stack]
    run(
        aws, "cloudformation", "package", "--template-file", TEMPLATE, *location, "--output-template-file", packaged,
        env=env, quiet=True,
    )  # fmt: skip
    run(
        aws, "cloudformation", "deploy", "--template-file", packaged, *location, "--stack-name", stack,
        "--parameter-overrides", *(f"{name}={value}" for name, value in parameters(stage, architecture).items()),
        "--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND",
        "--tags", "project=tableshift", f"stage={stage}", "--no-fail-on-empty-changeset", env=env,
    )  # fmt: skip


def outputs(cloudformation, stack):
    """A stack's outputs by name; none when there is no such stack or it is not complete."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
