#!/usr/bin/env bash
# Everything that `pulumi up` needs on this machine: setup.sh [STACK]. Quiet when nothing is missing.
set -euo pipefail
setup=$(cd "$(dirname "$0")" && pwd)/setup
stack=${1:-dev}

"$setup/python.sh"
"$setup/pulumi.sh"
# Where Docker runs and images are built on another machine, this one needs none.
root=$(dirname "$(dirname "$setup")")
case $("$root/.venv/bin/python" "$setup/target.py" "$root" "$stack") in
local)
  "$setup/docker.sh"
  "$setup/images.sh" "$stack"
  ;;
ecs) # images are built here
  "$setup/docker.sh"
  "$setup/images.sh" "$stack"
  "$setup/aws.sh"
  "$setup/policies.sh"
  ;;
aws)
  "$setup/ssh.sh"
  "$setup/aws.sh"
  "$setup/policies.sh"
  ;;
*) "$setup/ssh.sh" ;;
esac
"$setup/env.sh"
