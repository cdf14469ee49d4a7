#!/usr/bin/env bash
# make up: from whatever is there to a stack that serves. The last line is its URL.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
# --refresh: a container that was removed, stopped or replaced by hand is seen and made again. Not where its machine
# does not answer: a VM that is gone is noticed by the program itself, and another is made.
refresh=--refresh
"$ROOT/.venv/bin/python" "$ROOT/scripts/reach.py" "$ENV" || refresh=
deploy ${refresh:+"$refresh"} "$@"
