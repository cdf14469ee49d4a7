#!/usr/bin/env bash
# The browser of the tests in tests/browser, and what gives it an authority to trust: packages of Debian.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Elsewhere the tests of the browser are left out, and say so.
ready() { command -v chromium >/dev/null && command -v certutil >/dev/null; }
ready || can_apt || exit 0
apt-cache show chromium >/dev/null 2>&1 || ready || exit 0
install_chromium() { apt_install chromium libnss3-tools fonts-dejavu-core; }
ensure ready "Installing Chromium for the tests (about 1 minute)" install_chromium
