#!/usr/bin/env bash
# make bench-deploy: one release on Portico, Docker Compose and plain pulumi-docker under load. ROUNDS says how often.
# Writes docs/deploys.md and docs/deploys.svg; the record stays in .tools/deploys.jsonl.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup.sh" dev
# shellcheck source=/dev/null
. "$TOOLS/env"
compose_ready() { command -v docker-compose >/dev/null; }
compose_ready || can_apt || fail "make bench-deploy needs docker-compose; install it, on Debian with: apt-get install docker-compose"
ensure compose_ready "Installing docker-compose (about 30 s)" apt_install docker-compose

# What draws the plot has an environment of its own: .venv stays what requirements.lock says.
lock=$ROOT/requirements-bench.lock
draw=$TOOLS/bench
draw_ready() { cmp -s "$lock" "$draw/installed.lock"; }
install() {
  .venv/bin/python -m venv --clear "$draw"
  "$draw/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$lock"
  cp "$lock" "$draw/installed.lock"
}
ensure draw_ready "Installing what draws the plot into .tools/bench (about 30 s)" install
# Better a plot that fails now than after all the measuring.
"$draw/bin/python" -m bench.deploying.plot bench/deploying/sample.jsonl "$TOOLS/sample.svg"

record=$TOOLS/deploys.jsonl
.venv/bin/python -m bench.deploying.run --record "$record" "$@"
.venv/bin/python -m bench.deploying.document "$record" docs/deploys.md
"$draw/bin/python" -m bench.deploying.plot "$record" docs/deploys.svg "$TOOLS/deploys.png"
say "docs/deploys.md and docs/deploys.svg are written; the plot as PNG: .tools/deploys.png"
