# What the set-up scripts share. Source it; it only defines names.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Whose stacks are set up: this checkout, or the project that `portico setup` names, which has its Python packages already.
PROJECT=${PORTICO_PROJECT:-$ROOT}
TOOLS=$PROJECT/.tools
# shellcheck disable=SC2034  # read by the scripts that source this file
PACKAGES=${PORTICO_PYTHON:-$ROOT/.venv/bin/python}
# shellcheck disable=SC2034  # read by the scripts that source this file
REGISTRY_ONLY=$ROOT/contrib/registry_only
export PULUMI_HOME=$TOOLS/pulumi PULUMI_SKIP_UPDATE_CHECK=true
# What these would keep in the user's home. DOCKER_CONFIG stays the user's: the registries' logins are there.
export PIP_CACHE_DIR=${PIP_CACHE_DIR:-$TOOLS/pip} BUILDX_CONFIG=${BUILDX_CONFIG:-$TOOLS/buildx}
# What administers a system is not on every user's path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# shellcheck source=versions.sh
. "$ROOT/scripts/setup/versions.sh"
# shellcheck source=steps.sh
. "$ROOT/scripts/setup/steps.sh"

say() { printf '%s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

# at_least 3.250.0 3.256.0 : is the second version the first or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

# limit SECONDS command... : macOS has no `timeout`, and there the command runs without one.
limit() {
  local seconds=$1
  shift
  if command -v timeout >/dev/null; then timeout "$seconds" "$@"; else "$@"; fi
}

# The Python that everything begins with: PYTHON names one.
find_python() {
  local candidate
  for candidate in "${PYTHON:-}" python3 python3.14 python3.13 python3.12 python3.11; do
    if [ -n "$candidate" ] &&
      "$candidate" -c "import sys; sys.exit(sys.version_info < (${PYTHON_OLDEST/./, }))" 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
  fail "Portico needs Python $PYTHON_OLDEST or newer; install it, or name one: make up PYTHON=/path/to/python3"
}

# download ADDRESS FILE. A minimal system has no curl; where there is one, it may be set up for the way out.
download() {
  if command -v curl >/dev/null; then
    curl -fsSL --connect-timeout 5 --retry 2 -o "$2" "$1"
  else
    "$(find_python)" "$ROOT/scripts/setup/fetch.py" "$1" "$2"
  fi
}

# A machine behind a package mirror refuses at once or drops the packets: five seconds tell.
online() {
  if command -v curl >/dev/null; then
    curl -fsSI --connect-timeout 5 --max-time 10 -o /dev/null "$1" 2>/dev/null
  else
    "$(find_python)" "$ROOT/scripts/setup/fetch.py" "$1" 2>/dev/null
  fi
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Debian packs what makes virtual environments separately.
need_venv() { # need_venv PYTHON
  ! "$1" -c 'import ensurepip' 2>/dev/null || return 0
  can_apt || fail "this Python cannot make virtual environments; on Debian or Ubuntu: apt-get install python3-venv"
  apt_install python3-venv
}

# One at a time, and after whoever installs something just now: a new machine does so by itself in its first minutes.
# What is started meanwhile, such as a service, must keep neither lock.
apt_install() (
  exec 8>>"$TOOLS/apt.lock"
  hold 8 wait
  exec 9>&-
  umask 022
  export DEBIAN_FRONTEND=noninteractive
  # What a run that was killed left in the middle.
  dpkg --configure -a 8>&-
  # A fresh machine has no package lists; an old one's lists may name versions that are gone.
  local said
  until said=$(LC_ALL=C apt-get update -q 2>&1 8>&-); do
    printf '%s\n' "$said"
    case $said in *"Could not get lock"*) sleep 5 ;; *) return 1 ;; esac
  done
  apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" 8>&-
)
