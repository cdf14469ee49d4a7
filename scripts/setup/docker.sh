#!/usr/bin/env bash
# A Docker engine that answers. It is installed and started only where that is ours to do.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

answers() { command -v docker >/dev/null && limit 20 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }
installed() { command -v dockerd >/dev/null && command -v docker >/dev/null && command -v iptables >/dev/null; }

# A pid file left by a daemon that died blocks the next one when another process has got its number.
forget_stale_pid() { # forget_stale_pid FILE PROGRAM
  [ -f "$1" ] || return 0
  [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ] || rm -f "$1"
}

start_daemon() {
  if [ -d /run/systemd/system ]; then
    systemctl start docker
  else
    forget_stale_pid /var/run/docker.pid dockerd
    forget_stale_pid /var/run/docker/containerd/containerd.pid containerd
    # Without live-restore: `make stop-docker` promises to end the containers too. For hosts that serve others,
    # docs/faults.md says what it gives and what it costs.
    (umask 022 && exec setsid dockerd </dev/null >"$TOOLS/dockerd.log" 2>&1 9>&-) &
    # Known from the beginning, so that a set-up which is killed now leaves no engine that nobody can stop.
    echo $! >"$TOOLS/dockerd.pid"
  fi
  local second
  for second in $(seq 60); do
    if answers; then
      # Remembered so that `make stop-docker` ends this daemon and no other.
      [ -d /run/systemd/system ] || cp /var/run/docker.pid "$TOOLS/dockerd.pid"
      return
    fi
    sleep 1
  done
  echo "dockerd did not answer within $second seconds; the end of .tools/dockerd.log:"
  tail -n 10 "$TOOLS/dockerd.log" 2>/dev/null || true
  return 1
}

if answers; then exit 0; fi
if command -v docker >/dev/null; then
  reason=$(limit 20 docker version 2>&1 >/dev/null | tail -n 1) || true
  case $reason in
  *"permission denied"*)
    fail "you may not use the Docker engine; add yourself to its group (sudo usermod -aG docker \"\$USER\") and log in again." ;;
  esac
  [ -z "${DOCKER_HOST:-}" ] || fail "no Docker engine answers at DOCKER_HOST=$DOCKER_HOST; start it there, or unset DOCKER_HOST."
fi

install_docker() {
  apt_install docker.io iptables || return
  # Newer Debian packs the docker command by itself.
  command -v docker >/dev/null || apt_install docker-cli
}

installed || can_apt || fail "Portico needs a Docker engine; install Docker Desktop or Docker Engine, start it, and run this again."
[ "$(id -u)" = 0 ] || fail "the Docker engine is installed but not running; start it: sudo systemctl start docker"
ensure installed "Installing the Docker engine from this system's packages (about 1 minute)" install_docker
ensure answers "Starting the Docker engine (a few seconds)" start_daemon
