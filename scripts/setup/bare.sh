#!/usr/bin/env bash
# The image of a machine on which nothing was ever installed, for `make test-bare`: bare.sh [SUITE]. Its name is the last line.
# It is named by how it is made, so that a change there makes another one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../contrib/registry_only/debian.sh
. "$REGISTRY_ONLY/debian.sh"

suite=${1:-bookworm}
image=portico-test/bare-$suite:$(cat "$0" "$REGISTRY_ONLY/debian.sh" | sha256sum | cut -c 1-12)
context=$TOOLS/image/${image//[:\/]/-}

make() {
  mkdir -p "$context"
  need_mmdebstrap "a bare machine is made with mmdebstrap; install it (Debian or Ubuntu, as root)."
  debian "$suite" git,make,python3
  assemble "debian-$suite" </dev/null
  rm -rf "$context"
}

ready() { docker image inspect "$image" >/dev/null 2>&1; }
ensure ready "Making a bare machine of Debian $suite (about 30 s)" make >&2
echo "$image"
