#!/usr/bin/env bash
# The scanner that the tests ask what is offered over TLS: sslscan, a package of Debian.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Elsewhere its test is left out, and the run says so.
ready() { command -v sslscan >/dev/null; }
ready || can_apt || exit 0
apt-cache show sslscan >/dev/null 2>&1 || ready || exit 0
install_sslscan() { apt_install sslscan; }
ensure ready "Installing a scanner of TLS for the tests (a few seconds)" install_sslscan
