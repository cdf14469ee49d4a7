#!/usr/bin/env bash
# The ACME server that the tests order certificates from: pebble, by Let's Encrypt, and a DNS that says what a test wants.
# Debian's own is older than what a renewal is asked by (ARI). Both are built of the Go modules that tests/pebble pins.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
# shellcheck source=../../contrib/registry_only/go.sh
. "$REGISTRY_ONLY/go.sh"

home=$TOOLS/pebble
sources=$ROOT/tests/pebble
module=github.com/letsencrypt/pebble/v2/cmd
# The copy is written last, so it is there only when both were built.
ready() { cmp -s "$sources/go.sum" "$home/built.sum"; }
build() {
  mkdir -p "$GOTMPDIR" "$home"
  find_go
  (cd "$sources" && go build -o "$home/" -ldflags '-s -w' "$module/pebble" "$module/pebble-challtestsrv")
  cp "$sources/go.sum" "$home/built.sum.part"
  mv "$home/built.sum.part" "$home/built.sum"
  rm -rf "$TOOLS/go" "$TOOLS/go-toolchain" "$TOOLS/go-pip"
}
ensure ready "Building an authority for the tests from Go modules (about 1 minute)" build
