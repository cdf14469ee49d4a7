#!/usr/bin/env bash
# make recover: after a run that was killed, brings the stack to what its settings say, with nothing left over.
set -euo pipefail
. "$(dirname "$0")/stack.sh"

exists || { say "Nothing to recover: the stack $ENV was never created here."; exit 0; }
"$ROOT/.venv/bin/python" "$ROOT/scripts/recover.py" "$ENV"
pulumi stack export --stack "$ENV" | "$ROOT/.venv/bin/python" "$ROOT/scripts/summary.py" up "$SECONDS"
