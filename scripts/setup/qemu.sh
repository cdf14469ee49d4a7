#!/usr/bin/env bash
# A disk with a kernel of its own, for the test of user data that boots in QEMU (tests/cloud/test_kernel.py).
# It is named by this file, so that a change here makes another one.
set -euo pipefail
. "$(dirname "$0")/lib.sh"

# Elsewhere nobody could make it; the test is left out there, and says so.
[ "$(uname -sm)" = "Linux x86_64" ] && [ "$(id -u)" = 0 ] || exit 0

disk=$TOOLS/qemu/$(sha256sum "$0" | cut -c 1-12)
context=$TOOLS/qemu/context
# shellcheck source=../../contrib/registry_only/debian.sh
. "$REGISTRY_ONLY/debian.sh"

# ifupdown and the client of DHCP are what cloud-init sets up a network with.
packages=systemd,systemd-sysv,dbus,udev,ifupdown,isc-dhcp-client,linux-image-cloud-amd64,initramfs-tools,kmod,procps
packages=$packages,cloud-init,openssh-server,sudo,iproute2,docker.io,iptables,unattended-upgrades,util-linux,e2fsprogs

install_qemu() { apt_install qemu-system-x86 cloud-image-utils; }

make() {
  rm -rf "$context/root" "$disk"
  mkdir -p "$context/root" "$disk"
  need_mmdebstrap "the test of user data on a real kernel needs mmdebstrap; install it (Debian or Ubuntu, as root)."
  # Without this setting, cloud-init would generate a locale, which takes minutes here.
  debian bookworm "$packages" --customize-hook='rm -f "$1"/etc/ssh/ssh_host_*; : >"$1/etc/machine-id"' \
    --customize-hook='echo "locale: C.UTF-8" >"$1/etc/cloud/cloud.cfg.d/99-disk.cfg"'
  tar -C "$context/root" -xf "$context/root.tar"
  cp "$context"/root/boot/vmlinuz-* "$disk/kernel"
  cp "$context"/root/boot/initrd.img-* "$disk/initrd"
  mke2fs -q -t ext4 -L root -d "$context/root" "$disk/root.part" 4G
  rm -rf "$context"
  mv "$disk/root.part" "$disk/root" # last: who finds it has all of it
}

installed() { command -v qemu-system-x86_64 >/dev/null && command -v cloud-localds >/dev/null; }
installed || can_apt || fail "the test of user data on a real kernel needs qemu-system-x86 and cloud-image-utils; install them."
ensure installed "Installing QEMU (about 1 minute)" install_qemu
ready() { [ -f "$disk/root" ]; }
ensure ready "Making a disk with a kernel for QEMU (about 2 minutes)" make
