"""A machine of its own for one test: its processes, its network, its disk, and the Docker engine on them.

What is done to a whole machine (the engine restarted, the power cut, the disk filled) is done to this one. It is made
of Linux namespaces, and all of it ends with one process: the engine, its containers, mounts and interfaces.
"""

import ctypes
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import docker
import docker.errors

# First process of the machine. It leaves the mounts of the machine's outside alone: an engine there may want to
# remove its own, and a mount that is seen twice stays busy.
_INIT = r"""
set -eu
awk '($3 == "overlay" || $3 == "nsfs" || $2 ~ "/docker/") && $2 != "/" { print $2 }' /proc/self/mounts |
    xargs -r umount -l 2>/dev/null || true
mkdir -p "$1/data"
mount -o loop "$1/disk" "$1/data"
mount -t tmpfs tmpfs /run
ip link set lo up
ip address add "$2/32" dev lo
echo up
while :; do sleep 1000 & wait; done
"""
# A wire from the machine to another one, whose process is the first argument; and that one's end of it.
_BESIDE = """
ip link add beside type veth peer name eth0 netns "$1"
ip address add 198.51.100.1/30 dev beside
ip link set beside up
"""
_OUTSIDE = """
ip address add 198.51.100.2/30 dev eth0
ip link set eth0 up
ip route add default via 198.51.100.1
"""
_NET = 0x40000000  # CLONE_NEWNET
_libc = ctypes.CDLL(None, use_errno=True)


# containerd is a service of its own, as where a distribution installs Docker: it stays when the engine goes. An engine
# that has to start it also has to stop it, and waits up to ten seconds for that.
_CONTAINERD = """
version = 2
root = "{data}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
  address = "{socket}"
"""
_SOCKET = "/run/containerd/containerd.sock"


# What is free but so many KiB at once; where nothing is to be left, then also what the file system had set aside.
_FILL = r"""
free=$(df --output=avail -B1024 "${1%/*}" | tail -n 1)
fallocate -l $(((free - $2) * 1024)) "$1"
if [ "$2" = 0 ]; then dd if=/dev/zero bs=4096 status=none >>"$1" 2>/dev/null || true; fi
"""


def find_obstacle() -> str | None:
    """Why nobody could make such a machine here; None if one can. A tool that is missing besides is no excuse."""
    if platform.system() != "Linux":
        return f"it takes Linux, and this is {platform.system()}"
    if os.geteuid() != 0:
        return "it takes root"
    if shutil.which("dockerd", path=_PATH) is None:
        return "it takes dockerd, and Docker runs elsewhere"
    return None


class Machine:
    """Use it in a `with` block: it is gone at the end of it, and when this process dies, however that happens.

    `size`: of its disk, which takes only as much of the real one as is written. The engine listens on
    `engine`; clients inside reach its ports on 127.0.0.1 and on `ADDRESS`, as those outside a real machine would.
    """

    ADDRESS: Final = "192.0.2.1"  # of the range for documentation: nothing else has it

    def __init__(self, size: str = "3G") -> None:
        # A short path: that of a socket has a limit of about 100 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.engine = f"unix://{self.folder}/docker.sock"
        self._cgroup = self.folder.name
        self._process: subprocess.Popen[str] | None = None
        self._size = size
        self._live_restore = False

    def __enter__(self) -> Self:
        try:
            _run("truncate", "--size", self._size, str(self.folder / "disk"))
            _run("mkfs.ext4", "-q", "-m", "0", str(self.folder / "disk"))
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    # --- the machine

    def start(self) -> None:
        """Switch the machine on, and wait for its engine. What runs then is what the engine starts by itself."""
        unshare = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._process = subprocess.Popen(
            [*unshare, "bash", "-c", _INIT, "init", str(self.folder), self.ADDRESS],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "init.log").open("ab"),
            text=True,
            env=_environment(),
            preexec_fn=_die_with_parent,
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != "up":
            raise RuntimeError(f"no machine: {(self.folder / 'init.log').read_text()}")
        (self.folder / "containerd.toml").write_text(_CONTAINERD.format(data=self.folder / "data", socket=_SOCKET))
        self._serve("containerd", "--config", str(self.folder / "containerd.toml"))
        self.start_engine()

    def cut_power(self) -> None:
        """Kill everything at once. The disk keeps what was written to it, and /run is empty at the next start."""
        if self._process is None:
            return
        with suppress(ProcessLookupError, IndexError):
            # With its first process the kernel ends all others, and only then this one.
            os.kill(self._first(), signal.SIGKILL)
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def enter(self, folder: Path = Path("/")) -> list[str]:
        """The words before a command that is to run on the machine, begun in this folder."""
        nsenter = ["nsenter", "--target", str(self._first()), "--mount", "--net", "--pid"]
        return [*nsenter, "env", "--chdir", str(folder)]

    def run(self, *command: str) -> str:
        """Run a command on the machine, which must succeed; what it printed."""
        return _run(*self.enter(), *command)

    @contextmanager
    def network(self) -> Iterator[None]:
        """Put this thread, and those that it starts meanwhile, into the machine's network."""
        with _visit_network(self._first()):
            yield

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Put them onto another machine beside this one: what they send is not sent by this machine itself."""
        other = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=_die_with_parent)
        try:
            until = time.monotonic() + 60
            while os.readlink(f"/proc/{other.pid}/ns/net") == os.readlink("/proc/self/ns/net"):
                assert time.monotonic() < until, "no network beside the machine"
                time.sleep(0.05)
            for process, script in ((self._first(), _BESIDE), (other.pid, _OUTSIDE)):
                _run("nsenter", "--target", str(process), "--net", "sh", "-ec", script, "-", str(other.pid))
            with _visit_network(other.pid):
                yield
        finally:
            other.kill()
            other.wait()

    # --- its engine

    def set_live_restore(self, on: bool) -> None:
        """Let containers stay, or not, when the engine goes. It needs no restart for that."""
        self._live_restore = on
        self._write_settings()
        self.run("sh", "-c", "kill -HUP $(cat /run/docker.pid)")
        until = time.monotonic() + 60
        with self.client() as client:
            while client.info()["LiveRestoreEnabled"] != on:
                assert time.monotonic() < until, self.log()[-2000:]
                time.sleep(0.1)

    def _write_settings(self) -> None:
        settings = {
            "hosts": [self.engine],
            "containerd": _SOCKET,
            "data-root": str(self.folder / "data" / "docker"),
            "storage-driver": "overlay2",
            "cgroup-parent": f"/{self._cgroup}",
            "exec-opts": ["native.cgroupdriver=cgroupfs"],
            "live-restore": self._live_restore,
        }
        (self.folder / "daemon.json").write_text(json.dumps(settings))

    def start_engine(self) -> float:
        """Start the engine; how long it took to answer, in seconds."""
        began = time.monotonic()
        self._write_settings()
        self._daemon = self._serve("dockerd", "--config-file", str(self.folder / "daemon.json"))
        while True:
            with suppress(docker.errors.DockerException, OSError), self.client() as client:
                client.ping()
                return time.monotonic() - began
            if self._daemon.poll() is not None or time.monotonic() - began > 60:
                raise RuntimeError(f"no engine: {self.log()[-3000:]}")
            time.sleep(0.05)

    def stop_engine(self) -> float:
        """Stop the engine as a service manager does; how long it took, in seconds.

        It notes on its disk that each container ended. That disk is a file on one that a whole test run writes to,
        such as the images that were just copied: all of that is waited for first.
        """
        os.sync()
        began = time.monotonic()
        self.run("sh", "-c", "kill -TERM $(cat /run/docker.pid)")
        self._daemon.wait(90)
        return time.monotonic() - began

    def _serve(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{program}.log").open("ab") as log:
            return subprocess.Popen(
                [*self.enter(), program, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=_environment(),
            )

    @contextmanager
    def client(self) -> Iterator[docker.DockerClient]:
        client = docker.DockerClient(base_url=self.engine, timeout=120)
        try:
            yield client
        finally:
            client.close()

    def copy_images(self, *names: str) -> None:
        """Give its engine images of this machine's own engine."""
        source = docker.from_env()
        with self.client() as client:
            for name in names:
                # It is sent in pieces, which the types do not know of.
                client.images.load(source.images.get(name).save(named=name))  # type: ignore[arg-type]
        source.close()

    def log(self) -> str:
        """What its engine has written."""
        return (self.folder / "dockerd.log").read_text(errors="replace")

    # --- its disk

    @contextmanager
    def full(self, folder: Path | None = None, *, but: int = 0) -> Iterator[None]:
        """Fill the file system that holds `folder`, by default the engine's, and leave `but` KiB of it."""
        file = f"{folder or self.folder / 'data'}/filled"
        try:
            self.run("bash", "-c", _FILL, "fill", file, str(but))
            yield
        finally:
            self.run("rm", "-f", file)

    @contextmanager
    def small_disk(self, folder: Path, size: str) -> Iterator[None]:
        """Keep what lies in `folder` on a disk of this size meanwhile."""
        aside = self.folder / "aside"
        aside.mkdir()
        self.run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(aside))
        self.run("sh", "-c", 'cp -a "$1/." "$2/" && mount --bind "$2" "$1"', "-", str(folder), str(aside))
        try:
            yield
        finally:
            back = 'umount "$1" && rm -r "$1"/.[!.]* && cp -a "$2/." "$1/" && umount "$2"'
            self.run("sh", "-c", back, "-", str(folder), str(aside))
            aside.rmdir()

    # --- the end

    def _first(self) -> int:
        """The machine's first process, as seen from outside."""
        if self._process is None:
            raise RuntimeError("the machine is switched off")
        return int(Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()[0])

    def _remove(self) -> None:
        self.cut_power()
        # Control groups are the kernel's: they outlive what was in them.
        for top in Path("/sys/fs/cgroup").glob(f"*/{self._cgroup}"), Path("/sys/fs/cgroup").glob(self._cgroup):
            for root in top:
                for folder, _, _ in os.walk(root, topdown=False):
                    with suppress(OSError):
                        os.rmdir(folder)
        shutil.rmtree(self.folder)


@contextmanager
def _visit_network(process: int) -> Iterator[None]:
    with open("/proc/thread-self/ns/net") as home, open(f"/proc/{process}/ns/net") as there:
        _enter_network(there.fileno())
        try:
            yield
        finally:
            _enter_network(home.fileno())


def _enter_network(handle: int) -> None:
    if _libc.setns(handle, _NET) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _die_with_parent() -> None:
    _libc.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


# An ordinary user's PATH lacks the folders of what administers a system.
_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DOCKER_")}
    return {**kept, "PATH": _PATH}


def _run(*command: str) -> str:
    done = subprocess.run(command, env=_environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout
