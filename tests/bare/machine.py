"""A machine on which nothing was ever installed, in a container: its processes, network and disk are its own.

It reaches what this machine reaches, and finds the package registries as this machine does. The Docker engine that
set-up installs on it knows nothing of the one out here.
"""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.bare.clients import describe_apt, find_files, find_variables

ROOT: Final = Path(__file__).parents[2]
HOME: Final = "/root"
SOURCE: Final = "/srv/portico.git"
_LABEL: Final = "portico.test-bare"

# What apt, mmdebstrap, dockerd and containers need. Named one by one: where a capability is missing on this machine
# (sys_resource in many sandboxes), Docker refuses a privileged container.
_CAPABILITIES: Final = "SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_NICE SYSLOG IPC_LOCK DAC_READ_SEARCH LINUX_IMMUTABLE"

# Its first process. Control groups are its own, and an engine must be able to make some: below version 2 of them none
# may be made where processes are. Whatever loses its parent is collected here.
_INIT: Final = r"""
for folder in /sys/fs/cgroup /sys/fs/cgroup/*; do
  if mountpoint -q "$folder"; then mount -o remount,bind,rw "$folder"; fi
done
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  mkdir -p /sys/fs/cgroup/init
  echo 1 >/sys/fs/cgroup/init/cgroup.procs
  sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
fi
while :; do sleep 1000 & wait; done
"""


class Machine:
    """Use it in a `with` block: it is there at its beginning, and gone with all of its disk at the end.

    `image` is what `scripts/setup/bare.sh` names. `revision` is the commit that can be cloned from `SOURCE`.
    `go` is a folder with a Go toolchain, which it has at /usr/local/go, as its vendor's archive is unpacked.
    """

    def __init__(self, image: str, revision: str, go: Path | None = None) -> None:
        self.name = f"bare-{os.getpid()}-{random.randbytes(3).hex()}"
        self._image = image
        self._revision = revision
        self._go = go
        self._folder = Path(tempfile.mkdtemp(prefix="portico-bare-"))

    def __enter__(self) -> Self:
        sweep()
        try:
            self._create()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def spell(self, *command: str, folder: str = "/", env: Mapping[str, str] | None = None) -> list[str]:
        """The words that run a command on it."""
        set_ = [f"--env={name}={value}" for name, value in (env or {}).items()]
        return ["docker", "exec", f"--workdir={folder}", *set_, self.name, *command]

    def run(self, *command: str) -> str:
        """Run a command, which must succeed; what it printed."""
        return _call(*self.spell(*command))

    def _write(self, place: str, text: str) -> None:
        writing = self.spell("sh", "-c", 'cat >"$1"', "-", place)
        writing.insert(2, "--interactive")
        subprocess.run(writing, input=text, text=True, check=True, capture_output=True)

    def copy_out(self, place: str, to: Path) -> None:
        """Copy a file or folder of it to a place out here, where nothing lies yet. Nothing happens if it has none."""
        if not to.exists():
            subprocess.run(["docker", "cp", f"{self.name}:{place}", str(to)], capture_output=True)

    def try_(self, text: str) -> None:
        """Run a shell command, whatever becomes of it."""
        subprocess.run(self.spell("bash", "-c", text), capture_output=True)

    def processor_seconds(self) -> float:
        """What everything on it has used of the processor."""
        for file, scale in (("cpuacct/cpuacct.usage", 1e9), ("cpu.stat", 1e6)):
            try:
                text = self.run("cat", f"/sys/fs/cgroup/{file}")
            except RuntimeError:
                continue
            return float(text.removeprefix("usage_usec ").split()[0]) / scale
        raise RuntimeError("no control group counts the processor's time")

    # --- how it is made, and how it ends

    def _create(self) -> None:
        self._make_source()
        _call(
            *["docker", "run", "--detach", "--name", self.name, "--hostname", "bare"],
            *["--label", f"{_LABEL}={os.getpid()}", f"--env-file={self._write_variables()}"],
            *[f"--cap-add={name}" for name in _CAPABILITIES.split()],
            *[f"--security-opt={name}=unconfined" for name in ("apparmor", "seccomp", "systempaths")],
            *["--cgroupns=private", "--tmpfs=/run", "--volume=/var/lib/docker"],
            f"--volume={self._folder}/portico.git:{SOURCE}:ro",
            *([f"--volume={self._go}:/usr/local/go:ro"] if self._go else []),
            *[self._image, "bash", "-c", _INIT],
        )
        for place, found in find_files(HOME).items():
            self.run("mkdir", "-p", place if found.is_dir() else str(Path(place).parent))
            # Of a folder what is in it: the machine may have one of that name.
            copied = f"{found}/." if found.is_dir() else str(found)
            _call("docker", "cp", "--follow-link", copied, f"{self.name}:{place}")
        self._write("/etc/apt/apt.conf.d/99registry", describe_apt())
        self.run("update-ca-certificates")

    def _write_variables(self) -> Path:
        """Into a file that nobody else can read: a variable may hold a password."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        own = {"PATH": f"/usr/local/go/bin:{path}" if self._go else path, "HOME": HOME}
        file = self._folder / "variables"
        file.write_text("".join(f"{name}={value}\n" for name, value in {**find_variables(), **own}.items()))
        return file

    def _make_source(self) -> None:
        """What can be cloned there: that one commit, from a repository which holds nothing else."""
        source = self._folder / "portico.git"
        _call("git", "init", "--quiet", "--bare", "--initial-branch=main", str(source))
        # The project's own may be a shallow clone.
        _call("git", "-C", str(source), "config", "receive.shallowUpdate", "true")
        commit = _call("git", "-C", str(ROOT), "rev-parse", f"{self._revision}^{{commit}}").strip()
        _call("git", "-C", str(ROOT), "push", "--quiet", str(source), f"{commit}:refs/heads/main")

    def _remove(self) -> None:
        subprocess.run(["docker", "rm", "--force", "--volumes", self.name], capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)


def sweep() -> None:
    """Take away what a killed run has left: machines whose process is gone."""
    listed = _call(
        "docker", "ps", "--all", "--filter", f"label={_LABEL}", "--format", f'{{{{.ID}}}} {{{{.Label "{_LABEL}"}}}}'
    )
    for id, process in (line.split() for line in listed.splitlines()):
        if not Path(f"/proc/{process}").is_dir():
            subprocess.run(["docker", "rm", "--force", "--volumes", id], capture_output=True)


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} {command[1]} failed: {done.stderr.strip()}")
    return done.stdout
