#!/usr/bin/env bash
# make check: whether what runs is what the last update left. Exit code 1 where it is not.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || fail "the stack $ENV does not exist yet; make up ENV=$ENV creates it."
pulumi stack export --show-secrets --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/check.py" "$ENV"
