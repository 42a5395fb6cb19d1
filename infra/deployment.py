"""Packages and deploys a stage's stack with the AWS CLI: to AWS (scripts/deploy) or this machine (scripts/local)."""

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
STAGES = ("dev", "test", "prod")
TOOLS = ROOT / ".venv/bin"
ASL_VALIDATOR = ROOT / "infra/local/node_modules/.bin/asl-validator"


def parameters(stage, architecture, approval=None):
    """Returns the template's parameters for a stage, from the stage's file in infra/stages.

    `approval` overrides single fields of the policy's `approval`.
    """
    settings = json.loads((ROOT / f"infra/stages/{stage}.json").read_text())
    settings["policy"]["approval"].update(approval or {})
    return {
        "Stage": stage,
        "Architecture": architecture,
        **settings["parameters"],
        "Policy": json.dumps(settings["policy"], separators=(",", ":")),
    }


def check_parameters(values):
    """Exits if the parameters break a rule of the template, before anything is built."""
    if values["Stage"] == "prod" and not values["TableNamePattern"].strip("*?"):
        sys.exit("deploy: TableNamePattern in infra/stages/prod.json matches every table. Name the tables, e.g. prod-*")


def default_stack(stage):
    """Returns the name of a stage's stack, unless the user names another."""
    return f"tableshift-{stage}"


def zips():
    """Returns the path of every worker's zip that the template names. Exits if one is not built."""
    lines = [line.split()[1] for line in TEMPLATE.read_text().splitlines() if line.lstrip().startswith("CodeUri:")]
    paths = [(TEMPLATE.parent / line).resolve() for line in lines]
    for path in paths:
        if not path.exists():
            sys.exit(f"deploy: {path.relative_to(ROOT)} is missing. Run scripts/build")
    return paths


def digest(values):
    """Returns a hash of everything that a deployment with these parameters contains. Equal hashes need no new one."""
    parts = [
        TEMPLATE.read_bytes(),
        DEFINITION.read_bytes(),
        json.dumps(values).encode(),
    ]
    for path in zips():
        # The program and not the zip, because a zip of the same program has new time stamps after each build.
        with zipfile.ZipFile(path) as archive:
            parts.append(archive.read("bootstrap"))
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def run_tool(*command, env=None, quiet=False):
    """Runs a tool with its output on stderr, if `quiet` only when it fails. Exits if it fails."""
    output = {"capture_output": True, "text": True} if quiet else {"stdout": sys.stderr}
    environment = {**(env or os.environ), "AWS_PAGER": ""}
    done = subprocess.run([str(part) for part in command], env=environment, check=False, **output)
    if done.returncode != 0:
        if quiet:
            print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        sys.exit(f"deploy: {pathlib.Path(command[0]).name} {' '.join(map(str, command[1:3]))} failed, see above")


def check_files():
    """Checks template and definition. Needs no account and no network."""
    run_tool(TOOLS / "cfn-lint", TEMPLATE)
    run_tool(ASL_VALIDATOR, "--json-path", DEFINITION)


def deploy(values, stack, *, artifact_bucket, workspace, env=None):
    """Uploads zips and definition to the artifact bucket and creates or updates the stack with these parameters.

    The packaged template goes to the folder `workspace`. `env` is the AWS CLI's environment, by default this process's.
    """
    zips()
    workspace.mkdir(parents=True, exist_ok=True)
    aws, packaged = TOOLS / "aws", workspace / f"{stack}.yaml"
    location = ["--s3-bucket", artifact_bucket, "--s3-prefix", stack]
    package = ["--template-file", TEMPLATE, *location, "--output-template-file", packaged]
    run_tool(aws, "cloudformation", "package", *package, env=env, quiet=True)
    overrides = [f"{name}={value}" for name, value in values.items()]
    create_or_update = ["--template-file", packaged, *location, "--stack-name", stack]
    create_or_update += ["--parameter-overrides", *overrides]
    create_or_update += ["--capabilities", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
    create_or_update += ["--tags", "project=tableshift", f"stage={values['Stage']}", "--no-fail-on-empty-changeset"]
    run_tool(aws, "cloudformation", "deploy", *create_or_update, env=env)


def outputs(cloudformation, stack):
    """Returns a stack's outputs by name, or nothing if the stack does not exist or its last deployment failed."""
    try:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    if found["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
