#!/usr/bin/env bash
# The environment of the policy pack, .tools/policies: Pulumi's SDK for policies wants another protobuf than .venv has.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

lock=$ROOT/requirements-policies.lock
home=$TOOLS/policies
# The copy is written last, so it is there only when everything was installed.
ready() { cmp -s "$lock" "$home/installed.lock"; }
install() {
  "$PACKAGES" -m venv --clear "$home"
  "$home/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$lock"
  cp "$lock" "$home/installed.lock.part"
  mv "$home/installed.lock.part" "$home/installed.lock"
}
ensure ready "Installing what runs the policy pack into .tools/policies (about 20 s)" install
