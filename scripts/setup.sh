#!/usr/bin/env bash
# Everything that `pulumi up` needs on this machine: setup.sh [STACK]. Quiet when nothing is missing.
set -euo pipefail
setup=$(cd "$(dirname "$0")" && pwd)/setup
stack=${1:-dev}
# shellcheck source=setup/lib.sh
. "$setup/lib.sh"

# Whether a part has something to do. What only its user can fix is said here, not after minutes of building.
missing=
look() { # look PART...
  local status=0
  PORTICO_LOOK=yes "$setup/$1.sh" "${@:2}" || status=$?
  case $status in
  0) ;;
  3) missing=yes ;; # as `ensure` says it
  *) exit "$status" ;;
  esac
}

start() { # start PART...
  "$setup/$1.sh" "${@:2}" &
}
run() { # run PART... : to its end
  # It is the pulumi command that installs its plugin for AWS.
  [ "$1" != aws ] || wait "$pulumi"
  start "$@"
  wait $!
}
# Background processes of a script do not hear Ctrl-C; they are ended. The shell knows of each from its start on.
end_children() {
  trap '' USR1
  # shellcheck disable=SC2046  # an id a word
  kill $(jobs -p) 2>/dev/null || true
  wait
}

# Where Docker runs and images are built on another machine, this one needs none.
others() { # others look | run
  case $("$PACKAGES" "$setup/target.py" "$PROJECT" "$stack") in
  local)
    "$1" docker
    "$1" images "$stack"
    ;;
  ecs) # images are built here
    "$1" docker
    "$1" images "$stack"
    "$1" aws
    "$1" policies
    ;;
  aws)
    "$1" ssh
    "$1" aws
    "$1" policies
    ;;
  *) "$1" ssh ;;
  esac
}

[ -n "${PORTICO_PYTHON:-}" ] || look python
python=$missing
look pulumi
# It is a program in .venv that says which others there are.
[ -n "$python" ] || others look
if [ -n "$missing" ]; then
  lock
  trap end_children EXIT
  trap 'exit 130' INT TERM HUP
  trap 'exit 1' USR1 # a step has failed
  start pulumi
  pulumi=$!
  [ -n "${PORTICO_PYTHON:-}" ] || run python
  others run
  wait "$pulumi"
  trap - EXIT
fi
"$setup/env.sh"
