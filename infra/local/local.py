"""The local stack: starts the emulator, builds, deploys a stage's stack to it, and says how to reach it.

Run by scripts/local. All that it leaves lies under .local/<port>/ in the repository.
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
ARTIFACTS = "tableshift-artifacts"
ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


def say(message):
    """Tells the person; stdout is for what a program reads."""
    print(f"local: {message}", file=sys.stderr, flush=True)


def environment(port):
    """What makes the AWS CLI and every SDK talk to the emulator."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
    }


def inherited():
    """This environment less what could lead to a real account, and less a stack's variables: Lambdas inherit the rest."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TABLESHIFT_"))}


def client(port, service):
    """A client for the emulator."""
    here = environment(port)
    return boto3.client(
        service,
        endpoint_url=here["AWS_ENDPOINT_URL"],
        region_name=REGION,
        aws_access_key_id=here["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=here["AWS_SECRET_ACCESS_KEY"],
    )


def exports(port, stage):
    """The variables for a stage's stack; stops when it is not deployed."""
    found = deployment.outputs(client(port, "cloudformation"), deployment.default_stack(stage))
    if not found:
        raise Refused(
            f"the stack {deployment.default_stack(stage)} is not deployed. Run: scripts/local up --stage {stage}"
        )
    return {
        **environment(port),
        "TABLESHIFT_STATE_MACHINE_ARN": found["StateMachineArn"],
        "TABLESHIFT_BUCKET": found["BucketName"],
        "TABLESHIFT_LEDGER": found["LedgerTableName"],
        "TABLESHIFT_TOPIC": found["TopicArn"],
    }


def print_exports(port, stage):
    """Prints the variables for a shell's eval."""
    for name, value in exports(port, stage).items():
        print(f"export {name}={shlex.quote(value)}")


def deploy(emulator, stage, architecture):
    """Deploys the stage's stack, unless just this is what is deployed."""
    stack, stamp = deployment.default_stack(stage), emulator.folder / f"{stage}.deployed"
    digest = deployment.digest(stage, architecture)
    if (
        stamp.exists()
        and stamp.read_text() == digest
        and deployment.outputs(client(emulator.port, "cloudformation"), stack)
    ):
        say(f"stack {stack} is as it should be")
        return
    say(f"deploying stack {stack}")
    s3 = client(emulator.port, "s3")
    if ARTIFACTS not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=ARTIFACTS)
    stamp.unlink(missing_ok=True)
    # Of a person's own AWS files nothing may get in here, neither a profile nor an endpoint.
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    deployment.deploy(
        stage, architecture, stack, ARTIFACTS, emulator.folder,
        env={**inherited(), **environment(emulator.port), **nothing},
    )  # fmt: skip
    if os.environ.get("AUTH") == "true":
        # It refuses whatever does not come by TLS, and here nothing does.
        bucket = deployment.outputs(client(emulator.port, "cloudformation"), stack)["BucketName"]
        s3.delete_bucket_policy(Bucket=bucket)
    stamp.write_text(digest)


def up(emulator, stage):
    """Everything, up to the printed variables. Safe to call again, also at the same time."""
    architecture = ARCHITECTURES.get(platform.machine().lower())
    if platform.system() != "Linux" or architecture is None:
        raise Refused(
            f"Lambdas run here as Linux processes; {platform.system()} on {platform.machine()} cannot run them"
        )
    emulator.folder.mkdir(parents=True, exist_ok=True)
    with open(emulator.folder / "up.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (
            subprocess.run([deployment.ROOT / "scripts/build", "--arch", architecture], stdout=sys.stderr).returncode
            != 0
        ):
            raise Refused("the build failed, see above")
        if emulator.start({**inherited(), **environment(emulator.port)}):
            for stamp in emulator.folder.glob("*.deployed"):
                stamp.unlink()
            say(f"emulator started on port {emulator.port}, log {emulator.log}")
        deploy(emulator, stage, architecture)
    print_exports(emulator.port, stage)


def status(emulator):
    """Says what runs; exit code 3 when nothing does."""
    pid = emulator.pid()
    if pid is None:
        print(f"not running (port {emulator.port})")
        return 3
    print(f"running   pid {pid}, port {emulator.port}, log {emulator.log}")
    for stack in client(emulator.port, "cloudformation").describe_stacks()["Stacks"]:
        print(f"stack     {stack['StackName']}  {stack['StackStatus']}")
    return 0


def main():
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/local", description="tableshift's stack on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("up", "start, build, deploy, print the variables"), ("env", "print the variables for eval")):
        commands.add_parser(name, help=text).add_argument("--stage", default="dev", choices=deployment.STAGES)
    commands.add_parser("status", help="say what runs")
    commands.add_parser("down", help="stop everything and forget its data")
    args = parser.parse_args()
    try:
        port = os.environ.get("TABLESHIFT_LOCAL_PORT", "4566")
        if not port.isdigit() or not 0 < int(port) < 65536:
            raise Refused(f"TABLESHIFT_LOCAL_PORT is {port!r}; a port number is needed")
        emulator = Emulator(int(port), deployment.ROOT / ".local" / port)
        if args.command == "up":
            return up(emulator, args.stage)
        if args.command == "status":
            return status(emulator)
        if args.command == "down":
            say("stopped" if emulator.stop() else "nothing was running")
            shutil.rmtree(emulator.folder / "tmp", ignore_errors=True)
            return 0
        if emulator.pid() is None:
            raise Refused(f"nothing runs on port {port}. Run: scripts/local up")
        return print_exports(emulator.port, args.stage)
    except Refused as refused:
        say(refused)
        return 1


if __name__ == "__main__":
    sys.exit(main())
