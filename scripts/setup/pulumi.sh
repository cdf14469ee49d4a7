#!/usr/bin/env bash
# The Pulumi CLI with its Python language host, and the Docker plugin. All of it lives in .tools.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
PATH=$TOOLS/bin:$PATH
plugin=$PULUMI_HOME/plugins/resource-docker-v$DOCKER_PLUGIN_VERSION/pulumi-resource-docker
built=$TOOLS/docker-plugin.built # which sources, where the plugin was built here
host=$TOOLS/bin/pulumi-language-python-host # there only where it was built here
vendor=https://get.pulumi.com

cli_ready() {
  [ "$(cat "$TOOLS/pulumi.version" 2>/dev/null)" = "$PULUMI_VERSION" ] && [ -x "$TOOLS/bin/pulumi" ] && return
  # Somebody else's pulumi is good enough if it is new enough and complete.
  local found
  found=$(command -v pulumi) && [ "$found" != "$TOOLS/bin/pulumi" ] &&
    command -v pulumi-language-python >/dev/null &&
    at_least "$PULUMI_OLDEST" "$(pulumi version 2>/dev/null | tr -d v)"
}

platform() {
  local os arch
  case $(uname -s) in Linux) os=linux ;; Darwin) os=darwin ;; *) return 1 ;; esac
  case $(uname -m) in x86_64) arch=x64 ;; aarch64 | arm64) arch=arm64 ;; *) return 1 ;; esac
  echo "$os-$arch"
}

download_cli() {
  local work=$TOOLS/download
  rm -rf "$work"
  mkdir -p "$work" "$TOOLS/bin"
  curl -fsSL --connect-timeout 5 --retry 2 "$vendor/releases/sdk/pulumi-v$PULUMI_VERSION-$(platform).tar.gz" |
    tar -xz -C "$work" || return
  mv "$work"/pulumi/* "$TOOLS/bin/"
  rm -f "$host"
  rm -rf "$work"
}

install_cli() {
  if online "$vendor" && platform >/dev/null && download_cli; then
    echo downloaded
  else
    "$REGISTRY_ONLY/engine.sh" cli
    sources language-python >"$host.built"
  fi
  "$TOOLS/bin/pulumi" version
  echo "$PULUMI_VERSION" >"$TOOLS/pulumi.version"
}

sources() { cat "$REGISTRY_ONLY/$1"/* | cksum; }

host_ready() { [ ! -x "$host" ] || [ "$(sources language-python)" = "$(cat "$host.built" 2>/dev/null)" ]; }

build_host() {
  "$REGISTRY_ONLY/engine.sh" language-host
  sources language-python >"$host.built"
}

plugin_ready() { [ -x "$plugin" ] && { [ ! -f "$built" ] || [ "$(sources docker-provider)" = "$(cat "$built")" ]; }; }

install_plugin() {
  rm -f "$built"
  if online "$vendor" && limit 600 pulumi plugin install resource docker "$DOCKER_PLUGIN_VERSION"; then return; fi
  "$REGISTRY_ONLY/engine.sh" docker-plugin
  sources docker-provider >"$built"
}

mkdir -p "$ROOT/.state" # Pulumi.yaml keeps the state of the stacks here
cli_ready || step "Installing Pulumi $PULUMI_VERSION (1 minute; about 7 where it has to be built from Go modules)" install_cli
host_ready || step "Building Pulumi's Python language host from Go modules (1 minute)" build_host
plugin_ready ||
  step "Installing Pulumi's Docker plugin $DOCKER_PLUGIN_VERSION (1 minute; about 4 where it has to be built)" install_plugin
