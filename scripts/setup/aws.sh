#!/usr/bin/env bash
# Pulumi's AWS plugin, which stacks on AWS alone need. It lives in .tools.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
PATH=$TOOLS/bin:$PATH

[ ! -x "$PULUMI_HOME/plugins/resource-aws-v$AWS_PLUGIN_VERSION/pulumi-resource-aws" ] || exit 0
# Pulumi takes one on PATH before any other.
! command -v pulumi-resource-aws >/dev/null || exit 0
vendor=https://get.pulumi.com
online "$vendor" || fail "Pulumi's AWS plugin comes from $vendor alone, and this machine does not reach it; put pulumi-resource-aws \
$AWS_PLUGIN_VERSION on PATH, or choose another target than aws."
step "Installing Pulumi's AWS plugin $AWS_PLUGIN_VERSION (about 200 MB)" \
  limit 1800 pulumi plugin install resource aws "$AWS_PLUGIN_VERSION"
