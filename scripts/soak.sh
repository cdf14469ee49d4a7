#!/usr/bin/env bash
# make soak: the long tests, unattended; WRITE=docs/reliability.md writes what they measured.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup.sh" dev
"$ROOT/scripts/setup/images.sh" dev --tests
"$ROOT/scripts/setup/policies.sh"
"$ROOT/scripts/setup/ssh.sh"
"$ROOT/scripts/setup/vm.sh"
"$ROOT/scripts/setup/registry.sh"
"$ROOT/scripts/setup/qemu.sh"
# shellcheck source=/dev/null
. "$TOOLS/env"
# The properties are tried on ten times as many examples then, and counts are the full ones.
export PORTICO_EXAMPLES=soak PORTICO_REPORT="${WRITE:-}"
# After the time limit, in seconds, no further test begins; the report is written all the same.
exec .venv/bin/python -m pytest -m "soak or figures" --session-timeout="${LIMIT:-4500}" "$@"
