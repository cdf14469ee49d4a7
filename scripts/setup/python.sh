#!/usr/bin/env bash
# The virtual environment .venv, exactly as requirements.lock says.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venv=$ROOT/.venv
# Making it anew would empty what a link points to.
[ ! -L "$venv" ] || fail ".venv is a link; remove it, and this folder gets an environment of its own."
lock=$ROOT/requirements.lock

# The copy is written last, so it is there only when everything was installed.
if cmp -s "$lock" "$venv/installed.lock" && "$venv/bin/python" -c '' 2>/dev/null; then exit 0; fi

new_enough() { "$1" -c "import sys; sys.exit(sys.version_info < (${PYTHON_OLDEST/./, }))" 2>/dev/null; }

python=
for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
  if [ -n "$candidate" ] && new_enough "$candidate"; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail "Portico needs Python $PYTHON_OLDEST or newer; install it, or name one: make up PYTHON=/path/to/python3"

# Debian packs venv separately.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
  can_apt || fail "this Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv"
  step "Installing python3-venv (about 20 s)" apt_install python3-venv
fi

install() {
  "$python" -m venv --clear "$venv" &&
    "$venv/bin/python" -m pip install --disable-pip-version-check --require-hashes -r "$lock" &&
    cp "$lock" "$venv/installed.lock"
}
step "Installing the Python packages into .venv (about 1 minute)" install
