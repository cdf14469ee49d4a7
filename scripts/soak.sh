#!/usr/bin/env bash
# make soak: the long tests, unattended; WRITE=docs/reliability.md writes what they measured.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

# A bare machine without any Go, whose set-up is killed five times and whose user is strict, and one of another Debian.
BARE_GO='' BARE_KILLS=5 BARE_STRICT=yes "$ROOT/scripts/test_bare.sh"
BARE_SUITE=trixie BARE_TIMED=yes "$ROOT/scripts/test_bare.sh"
"$ROOT/scripts/setup.sh" dev
"$ROOT/scripts/setup/images.sh" dev --tests
"$ROOT/scripts/setup/bytecode.sh"
"$ROOT/scripts/setup/policies.sh"
"$ROOT/scripts/setup/ssh.sh"
"$ROOT/scripts/setup/vm.sh"
"$ROOT/scripts/setup/registry.sh"
"$ROOT/scripts/setup/pebble.sh"
"$ROOT/scripts/setup/qemu.sh"
# shellcheck source=/dev/null
. "$TOOLS/env"
# The properties are tried on ten times as many examples then, and counts are the full ones.
export PORTICO_EXAMPLES=soak PORTICO_REPORT="${WRITE:-}"
# After the time limit, in seconds, no further test begins; the report is written anyway.
exec .venv/bin/python -m pytest -m "soak or figures" --session-timeout="${LIMIT:-4500}" "$@"
