#!/usr/bin/env bash
# make logs: the last lines of every container of the stack, or of SITE's. TAIL=200 for more, FOLLOW=1 to go on.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exec "$ROOT/.venv/bin/python" "$ROOT/scripts/logs.py" "$ENV" "${SITE:-}" "${TAIL:-}" "${FOLLOW:-}"
