#!/usr/bin/env bash
# Builds parts of Pulumi's engine from Go modules into .tools/engine/built: engine.sh [pulumi] [language-host] [docker-plugin]
# They are one Go module, so that what they have in common is compiled once.
set -euo pipefail
. "$(dirname "$0")/../../scripts/setup/lib.sh"
here=$REGISTRY_ONLY/engine
engine=$TOOLS/engine
MODULE=github.com/terraform-providers/terraform-provider-docker/portico # as in go.mod

# What is changed before it is built. Their sums are in engine/sources/go.sum.
OLD_SDK=github.com/pulumi/pulumi/sdk/v3@v3.75.0
UPSTREAM=github.com/kreuzwerker/terraform-provider-docker@v0.0.0-20260916201441-96d331c98ff4

# shellcheck source=go.sh
. "$REGISTRY_ONLY/go.sh"

# Only a module that was downloaded has a folder.
module_folder() { (cd "$here/sources" && go mod download "$1" && go list -m -f '{{.Dir}}' "$1"); }

# The Docker provider without the driver for Kubernetes, which is a quarter of what would be compiled.
upstream() {
  local source file
  source=$(module_folder "$UPSTREAM")
  cp -R "$source" upstream
  chmod -R u+w upstream
  for file in docker_buildx_build resource_docker_buildx_builder; do
    grep -v '"github.com/docker/buildx/driver/kubernetes"' "$source/internal/provider/$file.go" \
      >"upstream/internal/provider/$file.go"
  done
}

# The host of 3.75.0 on the SDK of today, in which some things have other names.
language_host() {
  local source
  source=$(module_folder "$OLD_SDK")/python
  mkdir -p language-host/python
  cp "$here/language-host/run_plugin.go" language-host/
  cp "$source"/{python,shim_unix,shim_windows}.go language-host/python/
  # RunPlugin gets another name, since run_plugin.go stands in front of it.
  sed -e 's/) RunPlugin($/) runPlugin(/' \
    -e 's/if logging\.V(\([0-9]\)) {/if logging.V(\1).Enabled() {/' \
    -e 's/) About(ctx context\.Context, req \*pbempty\.Empty)/) About(ctx context.Context, req *pulumirpc.AboutRequest)/' \
    -e "s#\"github.com/pulumi/pulumi/sdk/v3/python\"#\"$MODULE/language-host/python\"#" \
    "$source/cmd/pulumi-language-python/main.go" >language-host/main.go
  # The engine calls the first; the host starts the program through the second. Both must lie beside it.
  install -m 755 "$here/language-host/pulumi-language-python" "$source/cmd/pulumi-language-python-exec" built/
}

# The log says how far it is.
count() { # count PACKAGES
  local line done=0
  while IFS= read -r line; do
    case $line in
    "go: "* | "# "* | *:[0-9]*:*) ;;
    *) done=$((done + 1)) line="$done of $1 packages: $line" ;;
    esac
    printf '%s\n' "$line"
  done
}

mkdir -p "$GOTMPDIR"
find_go
go version
rm -rf "$engine"
mkdir -p "$engine/built"
cd "$engine"
cp "$here"/go.* .
upstream
packages=()
for part; do
  case $part in
  pulumi) packages+=(github.com/pulumi/pulumi/pkg/v3/cmd/pulumi) ;;
  language-host)
    language_host
    packages+=(./language-host)
    ;;
  docker-plugin)
    cp -R "$here/docker-plugin" .
    packages+=(./docker-plugin)
    ;;
  *) fail "engine.sh builds pulumi, language-host and docker-plugin; \"$part\" is none of them" ;;
  esac
done
# Left out: compose files, and what reaches Google's storage beyond its ordinary interface.
tags=no_compose,disable_grpc_modules
all=$(go list -deps -tags "$tags" "${packages[@]}" | wc -l)
go build -v -o built/ -tags "$tags" -ldflags "-s -w -X main.version=$DOCKER_PLUGIN_VERSION
  -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v$PULUMI_VERSION" "${packages[@]}" 2>&1 | count "$all"
