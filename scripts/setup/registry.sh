#!/usr/bin/env bash
# The registry that the tests of ECS push images to (tests/cloud/plugin/registry): Debian's docker-registry.
# Its version is that of the Debian release, and is not pinned: the archive holds no other one, and nothing that is
# deployed depends on it. What is asked of it is the protocol, which has had one version since 2015.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Elsewhere nobody could start it; the tests say so.
[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || exit 0
! command -v docker-registry >/dev/null || exit 0

install() {
  # The package starts a service of its own, on a port that may be somebody's. Nobody needs that one.
  local policy=/usr/sbin/policy-rc.d status=0
  [ -e "$policy" ] && policy= || install_policy
  apt_install docker-registry || status=$?
  [ -z "$policy" ] || rm -f "$policy"
  return "$status"
}

install_policy() {
  printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
  chmod +x /usr/sbin/policy-rc.d
}

can_apt || fail "the tests of ECS need docker-registry; install it (Debian or Ubuntu, as root)."
step "Installing a registry for the tests from this system's packages (a few seconds)" install
