#!/usr/bin/env bash
# make resume: takes SITE's line out of portico:rollback, and deploys its source again.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || fail "the stack $ENV does not exist yet; make up ENV=$ENV creates it."
pins=$(pulumi config get --stack "$ENV" portico:rollback 2>/dev/null || true)
site=$("$ROOT/.venv/bin/python" "$ROOT/scripts/releases.py" held "${SITE:-}" "$pins")
pulumi config rm --stack "$ENV" --path "portico:rollback.$site"
# The last one leaves an empty setting behind.
[ "$(pulumi config get --stack "$ENV" portico:rollback 2>/dev/null)" != "{}" ] || pulumi config rm --stack "$ENV" portico:rollback
say "$site is deployed from its source again."
deploy "$@"
