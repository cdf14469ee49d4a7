#!/usr/bin/env bash
# make test-bare: what the README says, on a machine on which nothing was ever installed (tests/bare).
# BARE_SUITE=trixie takes another Debian, BARE_GO= none of this machine's Go, BARE_REV=commit another commit than HEAD.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || fail "a bare machine is made on Linux as root; this is $(uname -s) as $(id -un)."
"$ROOT/scripts/setup/docker.sh"
image=$("$ROOT/scripts/setup/bare.sh" "${BARE_SUITE:-bookworm}" | tail -n 1)
# Where this machine has Go, the bare one has it too, as its vendor's archive would be unpacked.
export BARE_GO=${BARE_GO-$(go env GOROOT 2>/dev/null || true)}
toolchain="the Go of this machine"
[ -n "$BARE_GO" ] || toolchain="no Go"
say "Debian ${BARE_SUITE:-bookworm}, minimal, with git, make, python3, ca-certificates and $toolchain; commit ${BARE_REV:-HEAD}"
exec python3 -m tests.bare "$image"
