#!/usr/bin/env bash
# make rules: what the rules for AWS say about what `make up` would make.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
plan=$(mktemp)
trap 'rm -f "$plan"' EXIT
# Where there is no plan, the file says why.
pulumi preview --stack "$ENV" --json --show-sames --non-interactive >"$plan" || true
"$ROOT/.venv/bin/python" "$ROOT/scripts/rules.py" "$plan"
