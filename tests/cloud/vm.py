"""A cloud VM in a container: systemd boots in it, cloud-init reads real user data, sshd and dockerd run.

It has an address of its own, reached from this machine alone, and a disk of its own for Docker.
"""

import hashlib
import io
import os
import random
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import docker
import docker.errors
import docker.types
from docker.models.containers import Container

from portico.components.docker.container_command import run_in
from portico.components.docker.ssh_tunnel import DIAL, dig_tunnel
from tests.cloud import disk
from tests.docker.command import ROOT

RECIPE: Final = ROOT / "scripts" / "setup" / "vm.sh"
IMAGE: Final = f"portico-test/vm:{hashlib.sha256(RECIPE.read_bytes()).hexdigest()[:12]}"
_LABEL: Final = "portico.test-vm"

# All that systemd, dockerd and what they start need. Named one by one: where a capability is missing on this machine
# (sys_resource in many sandboxes), Docker refuses a privileged container.
_CAPABILITIES = (
    "SYS_ADMIN NET_ADMIN SYS_PTRACE SYS_NICE SYS_TIME SYS_BOOT SYSLOG IPC_LOCK IPC_OWNER DAC_READ_SEARCH LEASE "
    "LINUX_IMMUTABLE BLOCK_SUSPEND WAKE_ALARM MAC_ADMIN MAC_OVERRIDE AUDIT_CONTROL"
)

# Control groups are this machine's own: what Docker makes in the VM must not lie beside what Docker makes here.
# Names are looked up where this machine does it: inside the VM that is a service of the Docker out here.
_DROP_IN = """
[Service]
ExecStart=
ExecStart=/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock --cgroup-parent=/{name} {dns}
"""
# Whoever waits for Docker waits for these too.
_LOAD = """
ExecStartPost=sh -c 'cd /var/lib/docker; test -e loaded || docker load --quiet --input /images.tar && touch loaded'
"""


def sweep() -> None:
    """Take away what a killed run of the tests has left: VMs of processes that are gone."""
    engine = docker.from_env()
    for found in engine.containers.list(all=True, filters={"label": _LABEL}, ignore_removed=True):
        if str(found.name).startswith("vm-") and not Path(f"/proc/{found.labels[_LABEL]}").is_dir():
            vm = Vm.find(str(found.name))
            if vm is not None:
                vm.remove()
    engine.close()


class Vm:
    """Use it in a `with` block: it is switched on at its beginning, and gone at its end, with its disk.

    `user_data` is the text that a cloud would hand to the instance. `disk` is the size of the file system that
    Docker has for itself; only what is written to it takes disk space. `images`: those of this machine that its Docker
    has from its first start on. `address`: its IP address, `name`: its host name.
    """

    def __init__(
        self, user_data: str, *, name: str | None = None, disk: str = "4G", images: tuple[str, ...] = ()
    ) -> None:
        self.name = name or f"vm-{os.getpid()}-{random.randbytes(3).hex()}"
        self._user_data = user_data
        self._disk = disk
        self._images = images
        self._loop: str | None = None
        self._tunnel: Path | None = None
        self._engine = docker.from_env()
        self._container: Container | None = None

    @classmethod
    def find(cls, name: str) -> Self | None:
        """One that another process has switched on and left; None where there is none of this name."""
        vm = cls("", name=name)
        with suppress(docker.errors.NotFound):
            vm._loop = vm._engine.volumes.get(name).attrs["Options"]["device"]
            vm._container = vm._engine.containers.get(name)
            return vm
        vm._engine.close()
        return None

    @classmethod
    def clear(cls, name: str) -> None:
        """Take away what is left of one whose container somebody else has removed: its disk and its network."""
        vm = cls("", name=name)
        with suppress(docker.errors.NotFound):
            vm._loop = vm._engine.volumes.get(name).attrs["Options"]["device"]
        vm.remove()

    def __enter__(self) -> Self:
        try:
            self._create()
            self.start()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.remove()

    # --- the machine

    @property
    def address(self) -> str:
        """Its IP address, on or off: a network of its own keeps it."""
        return str(self._found.attrs["NetworkSettings"]["Networks"][self.name]["IPAMConfig"]["IPv4Address"])

    @property
    def outside(self) -> str:
        """The address at which it finds this machine."""
        self._found.reload()
        return str(self._found.attrs["NetworkSettings"]["Networks"][self.name]["Gateway"])

    def start(self) -> None:
        """Switch it on. It boots meanwhile: see `wait_ready`."""
        self._found.start()

    def stop(self, *, power_cut: bool = False) -> None:
        """Shut it down, or cut its power: then everything ends at once."""
        if power_cut:
            self._found.kill("SIGKILL")
            self._found.wait(timeout=30)
        else:
            self._found.stop(timeout=60)

    def restart(self, *, power_cut: bool = False) -> None:
        """Reboot it; with what was written to its disks."""
        self.stop(power_cut=power_cut)
        self.start()

    def wait_ready(self, marker: str | None = None, *, seconds: float = 120) -> float:
        """Wait until cloud-init is done and Docker and sshd answer, and until the file `marker` is there; how long."""
        began = time.monotonic()
        wanted = "cloud-init status 2>/dev/null | grep -q done && docker version >/dev/null 2>&1 && pgrep -x sshd"
        command = wanted + (f" && test -e '{marker}'" if marker else "")
        while not self.succeeds("sh", "-c", command):
            if time.monotonic() - began > seconds:
                raise RuntimeError(f"{self.name} is not ready after {seconds:g} s\n{self.describe()}")
            time.sleep(0.3)
        return time.monotonic() - began

    def run(self, *command: str) -> str:
        """Run a command as root, which must succeed; what it printed."""
        code, text = self._exec(*command)
        assert code == 0, f"{' '.join(command)} on {self.name}: {text}"
        return text

    def succeeds(self, *command: str) -> bool:
        """Whether this command, run as root, can be run and exits with 0."""
        try:
            return self._exec(*command)[0] == 0
        except docker.errors.APIError:  # it is not on
            return False

    def describe(self) -> str:
        """What it was doing, for the message of a failed test."""
        lines = [self._found.logs(tail=20).decode(errors="replace")]
        for command in ("cloud-init status --long", "systemctl --failed --no-pager", "journalctl -n 40 --no-pager"):
            with suppress(docker.errors.APIError):
                lines.append(self._exec("sh", "-c", command)[1])
        return "\n".join(lines)

    def _exec(self, *command: str) -> tuple[int, str]:
        code, output = run_in(self._found, command)
        return -1 if code is None else code, output.decode(errors="replace")

    # --- its Docker

    @property
    def engine(self) -> str:
        """Its Docker's address on this machine, whoever may log in. It outlives a reboot."""
        if self._tunnel is None:
            self._tunnel = dig_tunnel(["docker", "exec", "--interactive", self.name, *DIAL])
        return f"unix://{self._tunnel}"

    def copy_images(self, *names: str) -> None:
        """Give its engine images of this machine's own engine: it may reach no registry."""
        save = subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE)
        load = ["docker", "exec", "--interactive", self.name, "docker", "load", "--quiet"]
        done = subprocess.run(load, stdin=save.stdout, capture_output=True, text=True)
        assert save.wait() == 0 and done.returncode == 0, done.stderr

    @contextmanager
    def full(self, *, but: int = 0) -> Iterator[None]:
        """Fill the disk of its Docker, and leave `but` KiB of it."""
        file = "/var/lib/docker/filled"
        free = "$(df --output=avail -B1024 /var/lib/docker | tail -n 1)"
        fill = f"fallocate -l $((({free} - {but}) * 1024)) {file}"
        try:
            self.run("sh", "-c", fill)
            yield
        finally:
            self.run("rm", "-f", file)

    # --- its further disks

    def plug(self, volume: str, file: Path) -> None:
        """Give it the disk with this id: see disk.py."""
        disk.plug(self, volume, file)

    def unplug(self, volume: str, file: Path) -> None:
        """Take the disk away. Raises ValueError as long as it is mounted."""
        disk.unplug(self, volume, file)

    # --- how it is made, and how it ends

    @property
    def _found(self) -> Container:
        if self._container is None:
            raise RuntimeError("the VM is not there")
        return self._container

    def _create(self) -> None:
        try:
            self._engine.images.get(IMAGE)
        except docker.errors.ImageNotFound:
            raise RuntimeError(f"there is no image {IMAGE}: {RECIPE.relative_to(ROOT)} makes it") from None
        volume, address = self._make_disk(), self._make_network()
        # By the command: the SDK cannot say systempaths.
        id = _call(
            *["docker", "create", "--name", self.name, "--hostname", self.name, "--label", f"{_LABEL}={os.getpid()}"],
            *["--network", self.name, "--ip", address],
            *[f"--cap-add={name}" for name in _CAPABILITIES.split()],
            *[f"--security-opt={name}=unconfined" for name in ("apparmor", "seccomp", "systempaths")],
            *["--cgroupns=host", "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw", f"--volume={volume}:/var/lib/docker"],
            # Disks that it gets later are files behind loop devices.
            "--device-cgroup-rule=b 7:* rmw",
            *["--tmpfs=/run", "--tmpfs=/run/lock", "--tmpfs=/tmp"],
            *([f"--volume={_save(self._engine, self._images)}:/images.tar:ro"] if self._images else []),
            IMAGE,
        )
        self._container = self._engine.containers.get(id.strip())
        meta_data = f"instance-id: {self.name}\nlocal-hostname: {self.name}\n"
        seed = "var/lib/cloud/seed/nocloud"
        files = {
            f"{seed}/user-data": self._user_data,
            f"{seed}/meta-data": meta_data,
            "etc/systemd/system/docker.service.d/vm.conf": _DROP_IN.format(name=self.name, dns=_list_dns())
            + (_LOAD if self._images else ""),
        }
        self._container.put_archive("/", _pack(files))

    def leave(self) -> None:
        """Let it run on, for whoever finds it by its name."""
        self._engine.close()

    def _make_network(self) -> str:
        """A network with one place, which is the address. The range is one for laboratories: nobody else is there."""
        while True:
            first = f"198.{random.randint(18, 19)}.{random.randint(0, 255)}.{8 * random.randint(0, 31)}"
            pool = docker.types.IPAMPool(subnet=f"{first}/29")
            label = {_LABEL: str(os.getpid())}
            try:
                self._engine.networks.create(self.name, ipam=docker.types.IPAMConfig(pool_configs=[pool]), labels=label)
            except docker.errors.APIError as error:
                if "overlap" not in str(error):
                    raise
            else:
                return str(ip_address(first) + 2)

    def _make_disk(self) -> str:
        """A volume of its own size, on a file that nobody sees: it is gone with its last user."""
        file = Path(f"/var/tmp/{self.name}.disk")
        try:
            _call("truncate", "--size", self._disk, str(file))
            _call("mkfs.ext4", "-q", "-m", "0", str(file))
            self._loop = _call("losetup", "--find", "--show", str(file)).strip()
        finally:
            file.unlink(missing_ok=True)
        options = {"type": "ext4", "device": self._loop}
        volume = self._engine.volumes.create(self.name, driver_opts=options, labels={_LABEL: str(os.getpid())})
        return str(volume.name)

    def remove(self) -> None:
        """Remove it, as a cloud does that terminates it."""
        if self._container is not None:
            with suppress(docker.errors.NotFound):
                self._container.remove(force=True)
            self._container = None
        with suppress(docker.errors.NotFound):
            self._engine.volumes.get(self.name).remove(force=True)
        for network in self._engine.networks.list(names=[f"^{self.name}$"]):
            network.remove()
        if self._loop:
            subprocess.run(["losetup", "--detach", self._loop], capture_output=True)
            self._loop = None
        self._engine.close()
        # Control groups outlive what was in them.
        for top in Path("/sys/fs/cgroup").glob(f"*/{self.name}"), Path("/sys/fs/cgroup").glob(self.name):
            for root in top:
                for folder, _, _ in os.walk(root, topdown=False):
                    with suppress(OSError):
                        os.rmdir(folder)


def _save(engine: docker.DockerClient, names: tuple[str, ...]) -> Path:
    """These images in one file, which is kept."""
    ids = " ".join(str(engine.images.get(name).id) for name in names)
    file = ROOT / ".tools" / "vm-images" / f"{hashlib.sha256(ids.encode()).hexdigest()[:12]}.tar"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        _call("docker", "save", "--output", str(partial), *names)
        partial.rename(file)
    return file


def _list_dns() -> str:
    """dockerd's words for the name servers of this machine that are no service on the machine itself."""
    for file in ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"):
        lines = Path(file).read_text().splitlines() if Path(file).is_file() else []
        found = [line.split()[1] for line in lines if line.startswith("nameserver ")]
        if servers := [server for server in found if not server.startswith("127.")]:
            return " ".join(f"--dns={server}" for server in servers)
    return ""


def _pack(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, text in files.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    return buffer.getvalue()


def _call(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
