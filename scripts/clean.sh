#!/usr/bin/env bash
# make clean: removes what set-up can make again. The state of the stacks is never touched.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
cd "$ROOT"

lock
say "Removing .tools and .venv: the next make up makes them again. Kept: .state, which says what is running."
rm -rf .venv build portico.egg-info
# Go's module cache makes its folders read-only; the record of a running daemon is needed to stop it.
[ ! -d .tools ] || {
  find .tools -mindepth 1 -maxdepth 1 ! -name 'dockerd.*' -exec chmod -R u+w {} + -exec rm -rf {} +
  rmdir .tools 2>/dev/null || true
}
