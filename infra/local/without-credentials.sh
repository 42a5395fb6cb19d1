#!/usr/bin/env bash
# Removes AWS credentials from the environment. scripts/setup and scripts/build source this file before they run code from
# registries: installers, and build scripts of dependencies. Such code could still read files of the user, such as
# ~/.aws/credentials, so deploy with short-lived credentials from the environment.

for name in $(compgen -e AWS_) $(compgen -e ACTIONS_ID_TOKEN_); do unset "$name"; done
unset name
# AWS SDKs and the AWS CLI then look neither at the profiles nor at the machine's role.
export AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_CONFIG_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
