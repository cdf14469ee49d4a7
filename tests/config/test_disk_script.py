"""The script by which a VM mounts its disk of data: what it does with a blank disk, and with others."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from portico.config.render.cloud_init import DATA, STATE, WANTED, render_user_data
from tests.config.aws_sample import read_aws

DISK = "vol-0123456789abcdef0"
PATH = "/usr/local/sbin/portico-disk"


class Vm:
    """A VM of files: its commands write down what they are reported, and answer by files of the same names."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.device = folder, folder / f"disk-{DISK.removeprefix('vol-')}"
        files = yaml.safe_load(render_user_data(read_aws()))["write_files"]
        (text,) = [one["content"] for one in files if one["path"] == PATH]
        text = text.replace("/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol", f"{folder}/disk-")
        text = text.replace("/var/lib/portico", f"{folder}/home").replace("/run/portico-disk", f"{folder}/number")
        text = text.replace("/proc/[0-9]*/mountinfo", f"{folder}/mountinfo")
        self.script = folder / "script"
        # A file stands for the device.
        self.script.write_text(text.replace("test -b", "test -e"))
        (folder / "bin").mkdir()
        (folder / "home" / "disk").mkdir(parents=True)
        for name in ("mkfs.ext4", "e2fsck", "resize2fs", "mount", "umount", "blkid", "sleep"):
            self.answer(name, 0)
        self.answer("mount", 0, f"touch {folder}/mounted")
        self.answer("umount", 0, f"rm {folder}/mounted")
        self.answer("mountpoint", 0, f'case $1 in -q) test -e {folder}/mounted ;; *) echo "259:3" ;; esac; exit')
        (folder / "mountinfo").touch()

    def answer(self, name: str, code: int, more: str = "") -> None:
        """From now on that command ends with this code."""
        file = self.folder / "bin" / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.folder}/log\n{more}\nexit {code}\n')
        file.chmod(0o755)

    def plug(self, content: bytes = bytes(2**20)) -> None:
        """The disk is there, with this content at its beginning."""
        self.device.write_bytes(content)

    def ask(self, *lines: str) -> str:
        """What the script answers, without the ticket."""
        (self.folder / "home" / "disk" / "wanted").write_text("".join(f"{line}\n" for line in lines))
        env = {"PATH": f"{self.folder}/bin:/usr/bin:/bin"}
        subprocess.run(["sh", self.script], env=env, capture_output=True, text=True, timeout=60)
        ticket, _, said = (self.folder / "home" / "disk-state").read_text().strip().partition(" ")
        assert ticket == "t1"
        return said

    def called(self) -> list[str]:
        """The commands that were called, but for those that only look."""
        log = self.folder / "log"
        names = [line.split()[0] for line in log.read_text().splitlines()] if log.exists() else []
        return [name for name in names if name not in ("mountpoint", "blkid", "sleep", "e2fsck", "resize2fs")]


@pytest.fixture
def vm(tmp_path: Path) -> Vm:
    return Vm(tmp_path)


def test_a_blank_disk_gets_a_file_system_and_the_folders(vm: Vm) -> None:
    vm.plug()
    vm.answer("blkid", 2)
    assert vm.ask(f"{DISK} t1", "portico.prod.shop.store", "../out", "/etc/x") == "done"
    assert vm.called() == ["mkfs.ext4", "mount"]
    assert [one.name for one in (vm.folder / "home" / "data").iterdir()] == ["portico.prod.shop.store"]
    assert not (vm.folder / "home" / "out").exists()


def test_one_that_has_a_file_system_is_never_made_anew(vm: Vm) -> None:
    vm.plug(b"data")
    assert vm.ask(f"{DISK} t1") == "done"
    assert vm.called() == ["mount"]
    # Asked again, as each update does, it is left as it is.
    assert vm.ask(f"{DISK} t1") == "done" and vm.called() == ["mount"]


@pytest.mark.parametrize(
    ("blkid", "content", "said"),
    [
        (2, b"something" + bytes(2**20), f"failed on the disk {DISK} is something that is no file system"),
        (8, bytes(2**20), f"failed nobody can tell what is on the disk {DISK}"),
    ],
)
def test_what_nobody_knows_is_not_overwritten(vm: Vm, blkid: int, content: bytes, said: str) -> None:
    vm.plug(content)
    vm.answer("blkid", blkid)
    assert vm.ask(f"{DISK} t1") == said
    assert vm.called() == []


def test_a_file_system_that_is_broken_is_not_mounted(vm: Vm) -> None:
    vm.plug(b"data")
    vm.answer("e2fsck", 4)
    assert vm.ask(f"{DISK} t1").startswith(f"failed the file system of the disk {DISK} needs to be repaired by hand")
    assert vm.called() == []


@pytest.mark.parametrize("word", ["vol-", "vol-0123;reboot", "/dev/sda", "vol-0123456789abcdefg"])
def test_only_an_id_of_a_disk_is_taken(vm: Vm, word: str) -> None:
    assert vm.ask(f"{word} t1") == f'failed "{word}" is not the id of a disk'
    assert vm.called() == []


def test_a_disk_that_does_not_come_is_reported_with_the_likely_cause(vm: Vm) -> None:
    assert "does not appear as an NVMe device; aws.instanceType may be too old" in vm.ask(f"{DISK} t1")


def test_it_is_given_back_when_no_container_has_it_any_more(vm: Vm) -> None:
    vm.plug(b"data")
    vm.ask(f"{DISK} t1")
    (vm.folder / "mountinfo").write_text("100 1 259:3 / /var/lib/docker/volumes/a/_data rw - ext4 /dev/x rw\n")
    assert vm.ask("free t1") == "failed a container still uses the disk of data"
    # It was unmounted by then; that is no reason to believe it free.
    assert vm.ask("free t1") == "failed a container still uses the disk of data"
    (vm.folder / "mountinfo").write_text("100 1 259:31 / /elsewhere rw - ext4 /dev/y rw\n")
    assert vm.ask("free t1") == "done"
    assert vm.called() == ["mount", "umount"]
    assert vm.ask("free t1") == "done" and vm.called() == ["mount", "umount"]


def test_it_is_mounted_at_each_boot_before_docker_starts() -> None:
    files = {one["path"]: one["content"] for one in yaml.safe_load(render_user_data(read_aws()))["write_files"]}
    service = files["/etc/systemd/system/portico-disk.service"]
    assert "Before=docker.service" in service and f"ConditionPathExists={WANTED}" in service
    assert f"PathChanged={WANTED}" in files["/etc/systemd/system/portico-disk.path"]
    assert "systemctl enable --quiet portico-disk.service" in files["/usr/local/sbin/portico-prepare"]
    assert (DATA, STATE) == ("/var/lib/portico/data", "/var/lib/portico/disk-state")
    # Nobody's home: what is read there is written by root alone.
    assert re.search(r'chown portico "\$home/disk"', files["/usr/local/sbin/portico-prepare"])
