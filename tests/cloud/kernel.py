"""A machine with a kernel of its own: the same user data as on the tests' VM, booted in QEMU, without acceleration."""

import hashlib
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.docker.command import ROOT
from tests.docker.engine import free_port

RECIPE: Final = ROOT / "scripts" / "setup" / "qemu.sh"
DISK: Final = ROOT / ".tools" / "qemu" / hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]


class KernelVm:
    """Use it in a `with` block. Its disk is the same at every start: nothing that it writes is kept.

    `user_data` is what a cloud would hand to it, `key` the private key of its `user`. It has no network but ours.
    """

    def __init__(self, user_data: str, *, user: str, key: Path) -> None:
        self._user_data = user_data
        self._user, self._key = user, key
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-")
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        folder = Path(self._folder.name)
        (folder / "user-data").write_text(self._user_data)
        (folder / "meta-data").write_text("instance-id: kernel\nlocal-hostname: kernel\n")
        subprocess.run(["cloud-localds", "seed", "user-data", "meta-data"], cwd=folder, check=True, capture_output=True)
        self.console = folder / "console.log"
        disk = {"root": f"{DISK}/root,snapshot=on", "seed": f"{folder}/seed,readonly=on"}
        self._process = subprocess.Popen(
            [
                *["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi", "-smp", "2"],
                *["-m", "1536", "-display", "none", "-serial", f"file:{self.console}", "-no-reboot"],
                *["-kernel", f"{DISK}/kernel", "-initrd", f"{DISK}/initrd"],
                # Without the package apparmor, Docker stumbles over a kernel that has it switched on.
                *["-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 apparmor=0"],
                *[word for file in disk.values() for word in ("-drive", f"file={file},format=raw,if=virtio")],
                *["-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{self._port}-:22"],
                *["-device", "virtio-net-pci,netdev=net", "-device", "virtio-rng-pci"],
            ],
            stdin=subprocess.DEVNULL,
            stdout=(folder / "qemu.log").open("wb"),
            stderr=subprocess.STDOUT,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def run(self, *command: str) -> str:
        """Run a command as the user, by SSH; it must succeed."""
        done = self._ssh(command)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
        return done.stdout

    def wait(self, *command: str, seconds: float) -> float:
        """Wait until a command succeeds; how long that took."""
        began = time.monotonic()
        while (done := self._ssh(command)).returncode:
            reported = self.console.read_text(errors="replace")[-3000:] if self.console.is_file() else ""
            assert time.monotonic() - began < seconds, f"{' '.join(command)}: {done.stderr}\n{reported}"
            assert self._process and self._process.poll() is None, f"QEMU ended\n{reported}"
            time.sleep(1)
        return time.monotonic() - began

    def _ssh(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "ConnectTimeout=10"]
        return subprocess.run(
            [
                *["ssh", *[word for one in options for word in ("-o", one)], "-o", "LogLevel=ERROR"],
                *["-i", str(self._key), "-p", str(self._port), f"{self._user}@127.0.0.1", *command],
            ],
            capture_output=True,
            text=True,
        )
