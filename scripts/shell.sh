#!/usr/bin/env bash
# make shell: a shell in a running replica of SITE.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exec "$ROOT/.venv/bin/python" "$ROOT/scripts/shell.py" "$ENV" "${SITE:-}"
