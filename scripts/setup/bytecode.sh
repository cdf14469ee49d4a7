#!/usr/bin/env bash
# The bytecode of Pulumi's AWS package, which is large: only stacks on AWS read it. Python writes it when it first needs
# it, except where PYTHONDONTWRITEBYTECODE forbids that.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

venv=$ROOT/.venv
ready() { [ -z "${PYTHONDONTWRITEBYTECODE:-}" ] || [ -f "$venv/bytecode" ]; }
compile() {
  "$venv/bin/python" -m compileall -q "$venv"/lib/python*/site-packages/pulumi_aws
  touch "$venv/bytecode"
}
ensure ready "Compiling Pulumi's AWS package for Python (about 30 s)" compile
