#!/usr/bin/env bash
# make releases: which releases of each site there are, and which of them is live.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || fail "the stack $ENV does not exist yet; make up ENV=$ENV creates it."
pulumi stack output --json --show-secrets --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/releases.py" list "$ENV"
