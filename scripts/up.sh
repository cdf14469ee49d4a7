#!/usr/bin/env bash
# make up: from whatever is there to a stack that serves. The last line is its URL.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
pulumi up --stack "$ENV" --yes --non-interactive --color auto --suppress-outputs
pulumi stack export --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/summary.py" up "$SECONDS"
