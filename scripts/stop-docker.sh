#!/usr/bin/env bash
# Stops the Docker daemon that set-up started, with its containers. Any other daemon is left alone.
set -euo pipefail
. "$(dirname "$0")/setup/lib.sh"
record=$TOOLS/dockerd.pid

pid=$(cat "$record" 2>/dev/null) || { say "Set-up did not start a Docker engine here; nothing to stop."; exit 0; }
# Numbers are given again: what has this one now must be a dockerd.
if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = dockerd ]; then
  kill "$pid"
  for _ in $(seq 60); do
    [ -d "/proc/$pid" ] || break
    # A daemon whose parent never collects it stays as a zombie: that is ended too.
    case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null) in Z*) break ;; esac
    sleep 0.5
  done
fi
rm -f "$record"
say "The Docker engine that set-up started is stopped. Its images and volumes are kept."
