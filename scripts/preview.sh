#!/usr/bin/env bash
# make preview: what `make up` would change.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

select_or_create
pulumi preview --stack "$ENV" --non-interactive --color auto --diff
