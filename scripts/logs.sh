#!/usr/bin/env bash
# make logs: the last lines of every container of the stack. TAIL=200 for more of them.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || fail "the stack $ENV does not exist yet; make up ENV=$ENV creates it."
names=$(pulumi stack export --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/summary.py" containers)
[ -n "$names" ] || say "The stack $ENV has no containers."
for name in $names; do
  docker logs --tail "${TAIL:-50}" "$name" 2>&1 | sed "s/^/$name | /" || true
done
