#!/usr/bin/env bash
# make exec: runs CMD, or the words given here, in a container of SITE's live release; its exit code is the command's.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

[ $# -gt 0 ] || set -- "${CMD:-}"
exec "$ROOT/.venv/bin/python" "$ROOT/scripts/exec.py" "$ENV" "${SITE:-}" "$@"
