"""A disk that a VM of the tests gets while it runs: a file of this machine, as a block device with a serial number."""

import subprocess
from pathlib import Path
from typing import Protocol

# What udev makes of the serial number of AWS's disks.
_LINK = "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol"
# Read at each boot, so that a VM that is restarted finds its disks.
_LINES = "/etc/tmpfiles.d"


class Running(Protocol):
    """A VM that runs commands as root."""

    def run(self, *command: str) -> str:
        """What it printed; it must succeed."""

    def succeeds(self, *command: str) -> bool:
        """Whether it ends with 0."""


def plug(vm: Running, volume: str, file: Path) -> None:
    """Give a VM the disk with this id (vol-…)."""
    loop = open_loop(file) or _call("losetup", "--find", "--show", str(file)).strip()
    number = loop.removeprefix("/dev/loop")
    node, link = f"/dev/{volume}", _spell_link(volume)
    lines = f"d /dev/disk/by-id 0755 root root -\nb {node} 0660 root root - 7:{number}\nL {link} - - - - {node}\n"
    written = f"{_LINES}/{volume}.conf"
    vm.run("sh", "-c", f"mkdir -p {_LINES}; printf '{lines}' >{written}; systemd-tmpfiles --create {written}")


def unplug(vm: Running, volume: str, file: Path) -> None:
    """Remove it. Raises ValueError as long as it is mounted, by the VM or by one of its containers."""
    if loop := open_loop(file):
        number = loop.removeprefix("/dev/loop")
        if vm.succeeds("sh", "-c", f"grep -qs ' 7:{number} ' /proc/[0-9]*/mountinfo"):
            raise ValueError(f"{volume} stays busy: it is still mounted there")
        vm.succeeds("rm", "-f", f"{_LINES}/{volume}.conf", _spell_link(volume), f"/dev/{volume}")
        close_loop(file)


def grow(file: Path, size: int) -> None:
    """Make it so many GiB; a VM that has it sees that at once."""
    _call("truncate", "--size", f"{size}G", str(file))
    if loop := open_loop(file):
        _call("losetup", "--set-capacity", loop)


def open_loop(file: Path) -> str | None:
    """The device that stands for the file; None while no VM has it."""
    return _call("losetup", "--noheadings", "--output", "NAME", "--associated", str(file)).strip() or None


def close_loop(file: Path) -> None:
    """End that."""
    if loop := open_loop(file):
        _call("losetup", "--detach", loop)


def _spell_link(volume: str) -> str:
    return _LINK + volume.removeprefix("vol-")


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
