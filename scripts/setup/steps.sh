# How set-up does what is missing: one set-up at a time in a folder, its steps side by side. Source it, by lib.sh.
# shellcheck shell=bash

# ensure READY "What is done (about how long)" command... : does it, unless the command READY says that it is done.
ensure() {
  local ready=$1
  shift
  if "$ready"; then return; fi
  # setup.sh asks first whether anything is missing.
  [ -z "${PORTICO_LOOK:-}" ] || exit 3
  local outer=${PORTICO_LOCKED:-}
  lock
  # Another set-up may have done it meanwhile.
  "$ready" || step "$@"
  [ -n "$outer" ] || unlock
}

# step "What is done (about how long)" command... : one line when it begins, one when it ends, all else in a log.
step() {
  local what=$1 log began=$SECONDS pid watch status=0
  log=logs/$(basename "$0" .sh).log
  shift
  mkdir -p "$TOOLS/logs"
  say "-> $what"
  # Before anything is started: a signal may come at any moment, also between a start and the noting of its id.
  trap 'end $(jobs -p); exit 130' INT TERM HUP
  set -m # a process group of its own, so that all of it can be ended
  (export TMPDIR=$TOOLS/tmp; "$@") >"$TOOLS/$log" 2>&1 </dev/null &
  pid=$!
  keep_watch "$pid" "$TOOLS/$log" "${what% (*}" &
  watch=$!
  set +m
  wait "$pid" || status=$?
  trap - INT TERM HUP
  end "$watch"
  if [ "$status" -ne 0 ]; then
    tail -n 15 "$TOOLS/$log" | sed 's/^/   | /' >&2
    printf 'error: this step failed: %s. The lines above are the end of .tools/%s.\n' "$what" "$log" >&2
    # What goes on beside it need not.
    [ "$PORTICO_SETUP" = $$ ] || kill -USR1 "$PORTICO_SETUP" 2>/dev/null || true
    exit 1
  fi
  say "   done in $((SECONDS - began)) s: ${what% (*}"
}

# A line a minute, so that nobody takes a long build for a hang. When set-up was killed, so is the step.
keep_watch() { # keep_watch GROUP LOG WHAT
  exec 9>&- </dev/null
  local began=$SECONDS next=60
  while sleep 1; do
    kill -0 "$PORTICO_SETUP" 2>/dev/null || end "$1"
    kill -0 "$1" 2>/dev/null || return 0
    if [ $((SECONDS - began)) -ge "$next" ]; then
      # A log may say how far it is. Nothing else of it is shown: it may name hosts.
      say "   after $((SECONDS - began)) s still busy: $3$(sed -n '$s/^\([0-9]* of [0-9]* [a-z]*\):.*/, \1/p' "$2")"
      next=$((next + 60))
    fi
  done
}

end() { # end GROUP... : and waits until it is gone
  local group
  for group; do kill -- "-$group" 2>/dev/null || true; done
  for group; do wait "$group" 2>/dev/null || true; done
}

# One set-up at a time in this folder. Its steps keep the lock too: it is free when the last of them has ended.
lock() {
  [ "${PORTICO_LOCKED:-}" != "$PROJECT" ] || return 0
  mkdir -p "$TOOLS"
  while :; do
    exec 9>>"$TOOLS/lock"
    hold 9 || {
      say "Another set-up is at work in this folder; this one waits until it has ended."
      hold 9 wait
    }
    # `make clean` may have removed the file meanwhile, and a third one made another.
    if [ "$TOOLS/lock" -ef /dev/fd/9 ]; then break; fi
  done
  export PORTICO_LOCKED=$PROJECT PORTICO_SETUP=$$
  # Where the steps keep what they need for a moment. What a killed set-up left there goes, not what is mounted there.
  [ ! -d "$TOOLS/tmp" ] || find "$TOOLS/tmp" -xdev -mindepth 1 -delete 2>/dev/null || true
  mkdir -p "$TOOLS/tmp"
}

unlock() {
  exec 9>&-
  unset PORTICO_LOCKED PORTICO_SETUP
}

# hold FD [wait] : locks an open file until the last process that has it ends. macOS has no `flock`.
hold() {
  "$(find_python)" -c 'import fcntl, sys
try:
    fcntl.flock(int(sys.argv[1]), fcntl.LOCK_EX | (0 if "wait" in sys.argv else fcntl.LOCK_NB))
except BlockingIOError:
    sys.exit(1)' "$@"
}
