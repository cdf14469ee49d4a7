#!/usr/bin/env bash
# What a machine behind SSH takes on this one: the ssh command.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

command -v ssh >/dev/null && exit 0
can_apt || fail "the target of this stack is reached over SSH, and there is no ssh here; install it (openssh-client)."
step "Installing the ssh command (about 20 s)" apt_install openssh-client
