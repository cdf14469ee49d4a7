#!/usr/bin/env bash
# make bench: installs what is measured against, then measures. ROUNDS and SECONDS_EACH say how long, WRITE where to.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup.sh" dev
# shellcheck source=/dev/null
. "$TOOLS/env"
for tool in wrk caddy; do
  ready() { command -v "$tool" >/dev/null; }
  ready || can_apt || fail "make bench needs $tool; install it, on Debian or Ubuntu with: apt-get install $tool"
  ensure ready "Installing $tool (about 20 s)" apt_install "$tool"
done
"$ROOT/scripts/setup/images.sh" dev
.venv/bin/python -m bench.neighbours ${WRITE:+--write "$(dirname "$WRITE")/neighbours.md"}
exec .venv/bin/python -m bench.serving ${WRITE:+--write "$WRITE"} "$@"
