"""Deploys a stage's stack to AWS. With --dry-run it only checks the files and prints the parameters.

Called by scripts/deploy.
"""

import argparse
import os
import subprocess
import sys

import boto3
import botocore.exceptions

import deployment


def parse_arguments():
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/deploy", description="Builds the Lambda zips and deploys a stage's stack."
    )
    parser.add_argument("--stage", required=True, choices=deployment.STAGES)
    parser.add_argument(
        "--dry-run", action="store_true", help="only check, and print the parameters; needs no account and no network"
    )
    parser.add_argument("--arch", default="arm64", choices=("arm64", "x86_64"))
    parser.add_argument("--stack-name", help="default: tableshift-<stage>")
    parser.add_argument(
        "--artifact-bucket", help="default: tableshift-artifacts-<account>-<Region>, created when missing"
    )
    args = parser.parse_args()
    args.stack_name = args.stack_name or deployment.default_stack(args.stage)
    return args


def print_parameters(args, values):
    """Prints the parameters of the deployment."""
    print(f"stack {args.stack_name}, template infra/template.yaml, parameters:")
    for name, value in values.items():
        print(f"  {name} = {value}")


def ensure_artifact_bucket(session, wanted):
    """Returns the bucket for zips and definition: `wanted`, or by default the account's own, created when missing."""
    if wanted:
        return wanted
    s3, account = session.client("s3"), session.client("sts").get_caller_identity()["Account"]
    name = f"tableshift-artifacts-{account}-{session.region_name}"
    try:
        s3.head_bucket(Bucket=name, ExpectedBucketOwner=account)
        return name
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] != "404":
            raise
    # CreateBucket refuses us-east-1 as a location constraint: it is the default.
    place = {} if session.region_name == "us-east-1" else {"LocationConstraint": session.region_name}
    s3.create_bucket(Bucket=name, **({"CreateBucketConfiguration": place} if place else {}))
    s3.put_public_access_block(
        Bucket=name,
        PublicAccessBlockConfiguration=dict.fromkeys(
            ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
        ),
    )
    return name


def main():
    """Checks the files; without --dry-run, also builds and deploys."""
    args = parse_arguments()
    deployment.check_files()
    values = deployment.parameters(args.stage, args.arch)
    deployment.check_parameters(values)
    print_parameters(args, values)
    if args.dry_run:
        print("dry run: template and definition are valid; nothing was built or deployed")
        return
    # The pinned versions of boto3 and the AWS CLI read only the older of the two names.
    if "AWS_REGION" in os.environ:
        os.environ.setdefault("AWS_DEFAULT_REGION", os.environ["AWS_REGION"])
    session = boto3.Session()
    if not session.region_name:
        sys.exit("deploy: no Region. Set AWS_REGION, or region in the profile")
    try:
        bucket = ensure_artifact_bucket(session, args.artifact_bucket)
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
        sys.exit(f"deploy: {error}")
    if subprocess.run([deployment.ROOT / "scripts/build", "--arch", args.arch], check=False).returncode != 0:
        sys.exit("deploy: the build failed, see above")
    deployment.deploy(
        values,
        args.stack_name,
        artifact_bucket=bucket,
        workspace=deployment.ROOT / "target/deploy",
    )
    for name, value in deployment.outputs(session.client("cloudformation"), args.stack_name).items():
        print(f"{name} = {value}")


if __name__ == "__main__":
    main()
