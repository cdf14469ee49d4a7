#!/usr/bin/env bash
# The images on the Docker engine: images.sh STACK [--tests]. With --tests, what the tests alone need too.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

names=$("$PACKAGES" "$ROOT/scripts/setup/base_images.py" "$PROJECT" "${1:-dev}" "${@:2}")

present() { docker image inspect "$@" >/dev/null 2>&1; }

fetch() {
  local reason
  if reason=$(limit 900 docker pull --quiet "$1" 2>&1); then return; fi
  printf 'docker pull says: %s\n' "$reason"
  "$REGISTRY_ONLY/images.sh" "$1"
}

# Debian moves on, so what a stand-in has may be a later patch release than its name says.
contents() { docker run --rm --network none "$1" sh -c 'postgres -V || valkey-server -v || nginx -v 2>&1 || python3 --version' 2>/dev/null | tail -n 1; }

# shellcheck disable=SC2086  # one word per image
present $names && exit 0
for name in $names; do
  ready() { present "$name"; }
  ensure ready "Getting the image $name (about 1 minute)" fetch "$name"
  stand_in=$(docker image inspect --format '{{index .Config.Labels "portico.stand-in"}}' "$name")
  [ -z "$stand_in" ] ||
    say "   $name could not be pulled: a stand-in made from packages of $stand_in ($(contents "$name")) has its name on this engine."
done
