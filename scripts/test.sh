#!/usr/bin/env bash
# make test: what a change must pass. The last lines are pytest's summary.
# test.sh --all runs the tests that are marked `extended` too, test.sh --rest those alone.
# test.sh --apps deploys real applications from PyPI.
# test.sh [--all | --rest] PATH... runs the tests that lie there, and nothing else.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

which="not soak and not extended" style=yes
case ${1:-} in
--all) which="not soak" ;;
--rest) which="extended and not soak" style= ;;
--apps) which="docker" && set -- "" tests/apps ;;
*) set -- "" "$@" ;;
esac
shift
[ $# = 0 ] || style=

"$ROOT/scripts/setup.sh" dev
"$ROOT/scripts/setup/images.sh" dev --tests
"$ROOT/scripts/setup/bytecode.sh"
"$ROOT/scripts/setup/policies.sh"
"$ROOT/scripts/setup/ssh.sh"
"$ROOT/scripts/setup/vm.sh"
"$ROOT/scripts/setup/registry.sh"
case $which in
*"not extended"*) ;;
*)
  "$ROOT/scripts/setup/pebble.sh"
  "$ROOT/scripts/setup/chromium.sh"
  "$ROOT/scripts/setup/sslscan.sh"
  ;;
esac
# shellcheck source=/dev/null
. "$TOOLS/env"
[ -z "$style" ] || "$ROOT/scripts/lint.sh"
# Most tests wait for the engine now and then: two workers more than there are cores. On two cores four workers took
# 600 s for 10,983 tests.
cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
exec .venv/bin/python -m pytest -m "$which" -n "${WORKERS:-$((cores + 2))}" --no-loadscope-reorder --durations=25 "$@"
