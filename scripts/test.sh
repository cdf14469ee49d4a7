#!/usr/bin/env bash
# make test: everything a change must pass. The last lines are pytest's summary.
# test.sh PATH... runs the tests that lie there, and nothing else.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup.sh" dev
"$ROOT/scripts/setup/images.sh" dev --tests
"$ROOT/scripts/setup/policies.sh"
"$ROOT/scripts/setup/ssh.sh"
"$ROOT/scripts/setup/vm.sh"
"$ROOT/scripts/setup/registry.sh"
# shellcheck source=/dev/null
. "$TOOLS/env"
[ $# -gt 0 ] || "$ROOT/scripts/lint.sh"
# Most tests wait for the engine: two workers take two thirds of the time of one.
exec .venv/bin/python -m pytest -m "not soak" -n "${WORKERS:-2}" --no-loadscope-reorder "$@"
