#!/usr/bin/env bash
# make test: what a change must pass. The last lines are pytest's summary.
# test.sh --all runs the tests that are marked `extended` too, test.sh --rest those alone.
# test.sh [--all | --rest] PATH... runs the tests that lie there, and nothing else.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

which="not soak and not extended" style=yes
case ${1:-} in
--all) which="not soak" ;;
--rest) which="extended and not soak" style= ;;
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
# shellcheck source=/dev/null
. "$TOOLS/env"
[ -z "$style" ] || "$ROOT/scripts/lint.sh"
# Most tests wait for the engine: two workers take two thirds of the time of one.
exec .venv/bin/python -m pytest -m "$which" -n "${WORKERS:-2}" --no-loadscope-reorder --durations=25 "$@"
