#!/usr/bin/env bash
# make down: removes everything the stack made, and says what stays.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || { say "Nothing to remove: the stack $ENV was never created here."; exit 0; }
status=0
pulumi destroy --stack "$ENV" --yes --non-interactive --color auto --suppress-outputs || status=$?
if [ "$status" != 0 ]; then
  if pulumi stack export --stack "$ENV" | grep '"protect": true' >/dev/null; then
    say ""
    say "Nothing was removed: the stack $ENV is protected. If it is to go: write 'portico:protect: false' in Pulumi.$ENV.yaml,"
    say "then make up ENV=$ENV, which takes the protection away, then make down ENV=$ENV."
  fi
  exit "$status"
fi
say ""
say "Removed: everything that the stack $ENV had made (listed above), in $SECONDS s."
say "Kept: the stack's settings, Pulumi's record of what it did, Docker's build cache, .tools and .venv (make clean)."
[ ! -f "$TOOLS/dockerd.pid" ] || say "Kept: the Docker engine that set-up started (make stop-docker)."
