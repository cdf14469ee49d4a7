#!/usr/bin/env bash
# make lock: requirements.lock, and those of the bench, the policy pack and the certificates' client, from pyproject.toml, for every platform, with hashes.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

"$ROOT/scripts/setup/python.sh"
uv=$TOOLS/uv-$UV_VERSION
[ -x "$uv/bin/uv" ] || .venv/bin/python -m pip install --quiet --target "$uv" "uv==$UV_VERSION"
# No address of an index is written, so the lock works with any mirror.
compile() {
  "$uv/bin/uv" pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header "$@"
}
compile --all-extras pyproject.toml --output-file requirements.lock "$@"
compile --group bench --output-file requirements-bench.lock "$@"
compile --group policies --output-file requirements-policies.lock "$@"
compile --group certificates --output-file components/in_container/certbot.lock "$@"
compile --group certificates-route53 --output-file components/in_container/certbot_route53.lock "$@"
say "requirements.lock is up to date; the next make command installs it."
