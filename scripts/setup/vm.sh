#!/usr/bin/env bash
# The image of the tests' cloud VM (tests/cloud/vm.py): Debian with systemd, cloud-init, sshd and Docker.
# It is named by this file, so that a change here makes another one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Elsewhere nobody could start it; the tests say so.
[ "$(uname -s)" = Linux ] && [ "$(id -u)" = 0 ] || exit 0

image=portico-test/vm:$(sha256sum "$0" | cut -c 1-12)
context=$TOOLS/image/${image//[:\/]/-}
# shellcheck source=../../contrib/registry_only/debian.sh
. "$REGISTRY_ONLY/debian.sh"

packages=systemd,systemd-sysv,dbus,cloud-init,openssh-server,docker.io,iptables,sudo,curl,iproute2,procps,e2fsprogs,unattended-upgrades

# What a container cannot do, or must not: its network is made before it starts, and nothing is fetched behind a test's back.
masked="systemd-networkd.service systemd-networkd-wait-online.service networking.service systemd-resolved.service
  systemd-udevd.service systemd-udev-trigger.service systemd-timesyncd.service systemd-logind.service
  getty.target console-getty.service e2scrub_reap.service e2scrub_all.timer fstrim.timer
  apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer unattended-upgrades.service"

cloud_init='datasource_list: [NoCloud]
network: {config: disabled}
locale: C.UTF-8
'

make() {
  mkdir -p "$context"
  need_mmdebstrap "the tests of a cloud VM need mmdebstrap; install it (Debian or Ubuntu, as root)."
  debian bookworm "$packages" \
    --customize-hook='cd "$1/etc/systemd/system" && for unit in '"$(echo $masked)"'; do ln -sf /dev/null "$unit"; done' \
    --customize-hook='printf "%s" "'"$cloud_init"'" >"$1/etc/cloud/cloud.cfg.d/99-vm.cfg"' \
    --customize-hook='rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/machine-id && touch "$1/etc/machine-id"'
  assemble debian-bookworm <<'END'
ENV container=docker
STOPSIGNAL SIGRTMIN+3
CMD ["/sbin/init"]
END
  rm -rf "$context"
}

ready() { docker image inspect "$image" >/dev/null 2>&1; }
ensure ready "Making the image of the tests' cloud VM (about 1 minute)" make
