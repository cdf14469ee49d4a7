#!/usr/bin/env bash
# The virtual environment .venv, exactly as requirements.lock says, with the checkout itself as the package `portico`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venv=$ROOT/.venv
# Making it again would empty what a link points to.
[ ! -L "$venv" ] || fail ".venv is a link; remove it, and this folder gets an environment of its own."
lock=$ROOT/requirements.lock
wheels=$TOOLS/wheels

# The copy is written last, so it is there only when everything was installed.
ready() { cmp -s "$lock" "$venv/installed.lock" && "$venv/bin/python" -IS -c '' 2>/dev/null; }
# The same for what pip is informed of the checkout.
linked() { cmp -s "$ROOT/pyproject.toml" "$venv/installed.toml"; }

# pip keeps nothing of what it downloads until it has everything, and some mirrors forbid it to keep that. So it
# downloads some packages at a time: an interrupted set-up goes on behind the last of them.
download_wheels() {
  local part
  mkdir -p "$wheels"
  rm -f "$wheels"/*.part
  # A package is one line of the lock that is not indented, and those below it.
  awk -v folder="$wheels" '/^[a-zA-Z]/ { part = int(count / 15); count += 1 } { print >(folder "/" part ".part") }' "$lock"
  for part in "$wheels"/*.part; do
    if [ -f "$part.done" ] && cmp -s "$part" "$part.done"; then continue; fi
    "$venv/bin/python" -m pip download --disable-pip-version-check --no-cache-dir --require-hashes --no-deps \
      --dest "$wheels" -r "$part"
    mv "$part" "$part.done"
  done
}

install() {
  local python offline=--no-index
  python=$(find_python)
  need_venv "$python"
  "$python" -m venv --clear "$venv"
  download_wheels
  # What comes as source is built with packages from the registry.
  [ -z "$(find "$wheels" -type f ! -name '*.whl' ! -name '*.part*')" ] || offline=
  "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes --no-deps --no-compile \
    ${offline:+"$offline"} --find-links "$wheels" -r "$lock"
  # Python writes bytecode when it first needs some, except where users forbid it. That of AWS is most of it by far, and
  # only stacks on AWS need it.
  "$venv/bin/python" -m compileall -q -x 'site-packages/pulumi_aws/' "$venv/lib" || true
  rm -rf "$wheels"
  cp "$lock" "$venv/installed.lock.part"
  mv "$venv/installed.lock.part" "$venv/installed.lock"
}

# Editable, without the network: what builds it is in the lock.
link() {
  local packages
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation \
    --editable "$ROOT"
  # pip writes down where this checkout lies. A path that counts from the environment comes before that: whoever shares
  # the packages of this environment still runs a checkout of its own.
  packages=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
  echo ../../../../.portico/path >"$packages/portico-checkout.pth"
  cp "$ROOT/pyproject.toml" "$venv/installed.toml.part"
  mv "$venv/installed.toml.part" "$venv/installed.toml"
}

ready || find_python >/dev/null
ensure ready "Installing the Python packages into .venv (about 1 minute)" install
ensure linked "Installing this checkout as the package portico (about 5 s)" link
