"""The local stack: starts the emulator, builds and deploys a stage's stack to it, and prints how to reach it.

Called by scripts/local. Everything that it writes is under .local/<port>/ in the repository.
"""

import argparse
import fcntl
import os
import pathlib
import platform
import shlex
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import boto3

import deployment
from process import Emulator, Refused

REGION = "us-east-1"
ARTIFACT_BUCKET = "tableshift-artifacts"
# The local event history has a call at once, so nothing has to wait for its record.
APPROVAL = {"record_delay_seconds": 0}
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# Exit code of `scripts/local status` when nothing runs.
NOT_RUNNING = 3


def log(message):
    """Prints a message for the user to stderr. Programs read stdout."""
    print(f"local: {message}", file=sys.stderr, flush=True)


def emulator_environment(port):
    """Returns the environment variables that make the AWS CLI and every SDK talk to the emulator."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def inherited_environment():
    """Returns this process's environment without variables that could lead to a real account or another stack.

    Every Lambda inherits it.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TABLESHIFT_"))}


def client(port, service):
    """Returns a client for the emulator."""
    settings = emulator_environment(port)
    return boto3.client(
        service,
        endpoint_url=settings["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
    )


def stack_variables(port, stage):
    """Returns the environment variables for a stage's stack. Raises Refused if it is not deployed."""
    stack = deployment.default_stack(stage)
    outputs = deployment.outputs(client(port, "cloudformation"), stack)
    if not outputs:
        raise Refused(f"the stack {stack} is not deployed. Run: scripts/local up --stage {stage}")
    return {
        **emulator_environment(port),
        "TABLESHIFT_STATE_MACHINE_ARN": outputs["StateMachineArn"],
        "TABLESHIFT_BUCKET": outputs["BucketName"],
        "TABLESHIFT_LEDGER": outputs["LedgerTableName"],
        "TABLESHIFT_TOPIC": outputs["TopicArn"],
    }


def print_exports(port, stage):
    """Prints the variables of a stage's stack for `eval` in a shell."""
    for name, value in stack_variables(port, stage).items():
        print(f"export {name}={shlex.quote(value)}")


def deploy(emulator, stage, architecture):
    """Deploys the stage's stack, unless exactly this is already deployed."""
    stack, stamp = deployment.default_stack(stage), emulator.folder / f"{stage}.deployed"
    values = deployment.parameters(stage, architecture, APPROVAL)
    digest, cloudformation = deployment.digest(values), client(emulator.port, "cloudformation")
    if stamp.exists() and stamp.read_text() == digest and deployment.outputs(cloudformation, stack):
        log(f"stack {stack} is up to date")
        return
    log(f"deploying stack {stack}")
    s3 = client(emulator.port, "s3")
    if ARTIFACT_BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=ARTIFACT_BUCKET)
    stamp.unlink(missing_ok=True)
    # The user's AWS configuration must not apply here: it could name another profile or endpoint.
    no_user_files = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    deployment.deploy(
        values,
        stack,
        artifact_bucket=ARTIFACT_BUCKET,
        workspace=emulator.folder,
        env={**inherited_environment(), **emulator_environment(emulator.port), **no_user_files},
    )
    if os.environ.get("AUTH") == "true":
        # The bucket policy denies requests without TLS, and no request to the emulator uses TLS.
        s3.delete_bucket_policy(Bucket=deployment.outputs(cloudformation, stack)["BucketName"])
    stamp.write_text(digest)


def up(emulator, stage):
    """Starts, builds and deploys what is missing, then prints the variables. Parallel calls wait for each other."""
    system, machine = platform.system(), platform.machine()
    architecture = ARCHITECTURES.get(machine.lower())
    if system != "Linux" or architecture is None:
        raise Refused(f"the local stack runs Lambdas as Linux processes; {system} on {machine} cannot run them")
    emulator.folder.mkdir(parents=True, exist_ok=True)
    with (emulator.folder / "up.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build = [deployment.ROOT / "scripts/build", "--arch", architecture]
        if subprocess.run(build, stdout=sys.stderr, check=False).returncode != 0:
            raise Refused("the build failed, see above")
        if emulator.start({**inherited_environment(), **emulator_environment(emulator.port)}):
            for stamp in emulator.folder.glob("*.deployed"):
                stamp.unlink()
            log(f"emulator started on port {emulator.port}, log {emulator.log}")
        deploy(emulator, stage, architecture)
    print_exports(emulator.port, stage)


def status(emulator):
    """Prints what runs and returns the exit code."""
    pid = emulator.pid()
    if pid is None:
        print(f"not running (port {emulator.port})")
        return NOT_RUNNING
    print(f"running   pid {pid}, port {emulator.port}, log {emulator.log}")
    for stack in client(emulator.port, "cloudformation").describe_stacks()["Stacks"]:
        print(f"stack     {stack['StackName']}  {stack['StackStatus']}")
    return 0


def main():
    """Reads the command line, runs the command and returns the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/local", description="Runs tableshift's stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start, build, deploy, print the variables"), ("env", "print the variables for eval")):
        commands.add_parser(name, help=text).add_argument("--stage", default="dev", choices=deployment.STAGES)
    commands.add_parser("status", help="show what runs")
    commands.add_parser("down", help="stop everything and delete its data")
    args = parser.parse_args()
    try:
        port = os.environ.get("TABLESHIFT_LOCAL_PORT", "4566")
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise Refused(f"TABLESHIFT_LOCAL_PORT is {port!r}; set it to a port number or unset it")
        emulator = Emulator(int(port), deployment.ROOT / ".local" / port)
        if args.command == "up":
            return up(emulator, args.stage)
        if args.command == "status":
            return status(emulator)
        if args.command == "down":
            log("stopped" if emulator.stop() else "nothing was running")
            shutil.rmtree(emulator.folder / "tmp", ignore_errors=True)
            return 0
        if emulator.pid() is None:
            raise Refused(f"nothing runs on port {port}. Run: scripts/local up")
        return print_exports(emulator.port, args.stage)
    except Refused as refused:
        log(refused)
        return 1


if __name__ == "__main__":
    sys.exit(main())
