#!/usr/bin/env bash
# make rules: what the rules for AWS say about what `make up` would make.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
exec "$ROOT/.venv/bin/python" "$ROOT/scripts/rules.py" "$ENV"
