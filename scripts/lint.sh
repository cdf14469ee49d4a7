#!/usr/bin/env bash
# make lint: style and types.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup/python.sh"
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
