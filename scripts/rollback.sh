#!/usr/bin/env bash
# make rollback: holds SITE at the release TO, the one before the live one where TO is not said, and deploys that.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || fail "the stack $ENV does not exist yet; make up ENV=$ENV creates it."
chosen=$(pulumi stack output --json --show-secrets --stack "$ENV" |
  "$ROOT/.venv/bin/python" "$ROOT/scripts/releases.py" choose "$ENV" "${SITE:-}" "${TO:-}")
read -r site release <<<"$chosen"
# A text even where all 12 digits are decimal.
pulumi config set --stack "$ENV" --path --type string "portico:rollback.$site" "$release"
say "$site goes back to release $release: portico:rollback in Pulumi.$ENV.yaml says so from now on."
# Whoever goes back is in a hurry. The preview of it: pulumi config set, as above, and make preview.
deploy --skip-preview
