#!/usr/bin/env bash
# make diff: what `make up` would change in NGINX's files.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"

"$ROOT/scripts/setup/python.sh"
# shellcheck source=/dev/null
[ ! -f "$TOOLS/env" ] || . "$TOOLS/env"
exec "$ROOT/.venv/bin/python" "$ROOT/scripts/diff.py" "${ENV:-dev}"
