#!/usr/bin/env bash
# make render: the files of a stack in the folder OUT, for NGINX and Gunicorn without Portico's containers.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"

"$ROOT/scripts/setup/python.sh"
exec "$ROOT/.venv/bin/python" "$ROOT/scripts/render.py" "${ENV:-dev}" "${OUT:-}" "${LAYOUT:-}"
