# What the set-up scripts share. Source it; it only defines names.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
TOOLS=$ROOT/.tools
# shellcheck disable=SC2034  # read by the scripts that source this file
REGISTRY_ONLY=$ROOT/scripts/registry_only
export PULUMI_HOME=$TOOLS/pulumi PULUMI_SKIP_UPDATE_CHECK=true
# What these would keep in the user's home. DOCKER_CONFIG stays the user's: the registries' logins are there.
export PIP_CACHE_DIR=$TOOLS/pip BUILDX_CONFIG=$TOOLS/buildx

# shellcheck source=versions.sh
. "$ROOT/scripts/setup/versions.sh"

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# step "What is done (about how long)" command... : one line before, one after, all else in a log.
step() {
  local what=$1 log=$TOOLS/setup.log began=$SECONDS pid beat status=0
  shift
  mkdir -p "$TOOLS"
  say "-> $what"
  set -m # a process group of its own, so that Ctrl-C ends all of it
  ("$@") >"$log" 2>&1 </dev/null &
  pid=$!
  # A line a minute, so that nobody takes a long build for a hang.
  (while sleep 60 >/dev/null 2>&1; do say "   still busy after $((SECONDS - began)) s"; done) &
  beat=$!
  set +m
  # shellcheck disable=SC2064  # the ids of now are meant
  trap "kill -- -$pid -$beat 2>/dev/null; exit 130" INT TERM
  wait "$pid" || status=$?
  trap - INT TERM
  kill -- "-$beat" 2>/dev/null || true
  wait "$beat" 2>/dev/null || true
  if [ "$status" -ne 0 ]; then
    tail -n 15 "$log" | sed 's/^/   | /' >&2
    fail "this step failed: $what. The lines above are the end of .tools/setup.log."
  fi
  say "   done in $((SECONDS - began)) s"
}

# at_least 3.250.0 3.256.0 : is the second version the first or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# limit SECONDS command... : macOS has no `timeout`, and there the command runs without one.
limit() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

# A machine behind a package mirror refuses at once or drops the packets: five seconds tell.
online() { curl -fsSI --connect-timeout 5 --max-time 10 -o /dev/null "$1" 2>/dev/null; }

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  # A fresh machine has no package lists; an old one's lists may name versions that are gone.
  apt-get update -q
  apt-get install -q -y --no-install-recommends "$@"
}
