#!/usr/bin/env bash
# make up: from whatever is there to a stack that serves. The last line is its URL.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
deploy "$@"
