#!/usr/bin/env bash
# Everything that `pulumi up` needs on this machine: setup.sh [STACK]. Quiet when nothing is missing.
set -euo pipefail
setup=$(cd "$(dirname "$0")" && pwd)/setup

"$setup/python.sh"
"$setup/pulumi.sh"
"$setup/docker.sh"
"$setup/images.sh" "${1:-dev}"
"$setup/env.sh"
# Rules for AWS are of use to a stack there.
! grep -q '^ *portico:target: *"\?aws' "$setup/../../Pulumi.${1:-dev}.yaml" || "$setup/policies.sh"
