#!/usr/bin/env bash
# The Pulumi CLI with its Python language host, and the Docker plugin. All of it lives in .tools.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
PATH=$TOOLS/bin:$PATH
plugin=$PULUMI_HOME/plugins/resource-docker-v$DOCKER_PLUGIN_VERSION/pulumi-resource-docker
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

# What was built here is made again when its sources change. Which sources those were is written down before it is put
# in its place, so that it is never taken for the vendor's.
sources() { cat "$REGISTRY_ONLY"/engine/go.* "$REGISTRY_ONLY/engine/$1"/* | cksum; }
host_ready() { [ ! -x "$host" ] || [ "$(sources language-host)" = "$(cat "$host.built" 2>/dev/null)" ]; }
plugin_built=$TOOLS/docker-plugin.built
plugin_ready() {
  [ -x "$plugin" ] && { [ ! -f "$plugin_built" ] || [ "$(sources docker-plugin)" = "$(cat "$plugin_built")" ]; }
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
  mkdir -p "$work"
  download "$vendor/releases/sdk/pulumi-v$PULUMI_VERSION-$(platform).tar.gz" "$work/pulumi.tar.gz" || return
  tar -xzf "$work/pulumi.tar.gz" -C "$work" || return
  rm -f "$host"
  mv "$work"/pulumi/* "$TOOLS/bin/"
  rm -rf "$work"
}

install_cli() {
  [ -z "${built:-}" ] || mv "$built/pulumi" "$TOOLS/bin/pulumi"
  "$TOOLS/bin/pulumi" version
  echo "$PULUMI_VERSION" >"$TOOLS/pulumi.version"
}

install_host() {
  sources language-host >"$host.built"
  mv "$built"/pulumi-language-python{,-exec} "$TOOLS/bin/"
  mv "$built/language-host" "$host"
}

install_plugin() {
  sources docker-plugin >"$plugin_built"
  rm -f "$plugin"
  pulumi plugin install resource docker "$DOCKER_PLUGIN_VERSION" --reinstall --file "$built/docker-plugin"
}

# Whatever can be downloaded is; the rest is built, all of it at once.
install() {
  local built='' parts=() online=
  mkdir -p "$TOOLS/bin"
  ! online "$vendor" || online=yes
  if ! cli_ready; then
    if [ -n "$online" ] && platform >/dev/null && download_cli; then install_cli; else parts+=(pulumi language-host); fi
  elif ! host_ready; then
    parts+=(language-host)
  fi
  if ! plugin_ready; then
    rm -f "$plugin_built"
    # Without a CLI of the vendor's there is no plugin of the vendor's either.
    [ ${#parts[@]} = 0 ] && [ -n "$online" ] && limit 600 pulumi plugin install resource docker "$DOCKER_PLUGIN_VERSION" ||
      parts+=(docker-plugin)
  fi
  [ ${#parts[@]} != 0 ] || return 0
  "$REGISTRY_ONLY/engine.sh" "${parts[@]}"
  built=$TOOLS/engine/built
  [ ! -f "$built/language-host" ] || install_host
  [ ! -f "$built/pulumi" ] || install_cli
  [ ! -f "$built/docker-plugin" ] || install_plugin
  # Only what is interrupted needs them again, and they are the greater part of .tools.
  rm -rf "$TOOLS/engine" "$TOOLS/go" "$TOOLS/go-toolchain" "$TOOLS/go-pip"
}

ready() { cli_ready && host_ready && plugin_ready; }

mkdir -p "$PROJECT/.state" # Pulumi.yaml keeps the state of the stacks here
ensure ready "Installing Pulumi $PULUMI_VERSION and its Docker plugin (1 minute; about 5 where they have to be built from Go modules)" install
