"""A deployment that belongs to one test: its own clone, state, name and port, and nothing left of it afterwards."""

import os
import random
import shutil
import socket
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Self

import yaml

import docker
from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.cloud.vm import Vm
from tests.docker.ask import ADDRESS
from tests.docker.clone import make_clone
from tests.docker.command import ROOT
from tests.docker.commands import PROJECT, Commands, Door
from tests.docker.figures import SOAK
from tests.docker.machine import Machine

PREFIX: Final = f"test-{os.getpid()}-"  # of the names of this run's stacks
Wanted = Counter[tuple[str, str, str]]

HELLO: Final[dict[str, Any]] = {
    "name": "hello",
    "source": "sites/hello",
    "entry": "hello:app",
    "hosts": ["localhost", "hello.localhost"],
    "health": "/healthz",
}
HTTPBIN: Final[dict[str, Any]] = {
    "name": "httpbin",
    "source": "sites/httpbin",
    "entry": "httpbin:app",
    "hosts": ["httpbin.localhost"],
    "health": "/status/200",
}


class Deployment(Commands):
    """An own stack of the program, on the real engine. Use it in a `with` block: nothing is left of it afterwards.

    Its folder is a clone of the project, with the state in it, sources in `sites` and one log a command in `logs`.

    `door`: what `up`, `preview` and `destroy` are: the README's `make` commands, or Pulumi's own ones, which it offers
    too and which take half the time. CONTRIBUTING.md says which tests go by which.
    `settings`: the stack file's, without `portico:`; the port is chosen here.
    `machine`: where it runs, Pulumi included, instead of here. `vm`: where its Docker is, while Pulumi runs here.
    `env`: variables of its commands. `address` is the one that clients find it at.
    `destroys`: whether it ends by Pulumi's destroy, which must leave nothing. Otherwise, and unless `make soak` runs,
    what bears its labels is removed, which is faster. A machine of its own is gone with all that is on it.
    """

    # Of all deployments that have ended: the images they had at the end, and what `destroy` left.
    built: ClassVar[set[str]] = set()
    left: ClassVar[list[str]] = []
    # The names of those that have not ended.
    entered: ClassVar[set[str]] = set()

    def __init__(
        self,
        folder: Path,
        *sites: Mapping[str, Any],
        door: Door = "pulumi",
        machine: Machine | None = None,
        vm: Vm | None = None,
        env: Mapping[str, str] | None = None,
        destroys: bool = False,
        **settings: Any,
    ) -> None:
        self.destroys = destroys or SOAK
        # What is done on another machine goes by way of SSH, and shares this one's cores.
        limit = self.UP * (2 if vm else 1)
        name = f"{PREFIX}{random.randbytes(3).hex()}"
        super().__init__(folder, name, door=door, machine=machine, limit=limit, env=env or {})
        self.port = free_port()
        place = machine or vm
        self.engine = docker.DockerClient(base_url=place.engine) if place else docker.from_env()
        # As from outside: there Docker's rules lead to NGINX, while 127.0.0.1 goes through a helper of the engine.
        self.address = machine.ADDRESS if machine else vm.address if vm else ADDRESS
        self.settings: dict[str, Any] = {"port": self.port, **settings, "sites": [dict(site) for site in sites]}
        make_clone(folder)
        for made in ("logs", "sites"):
            (folder / made).mkdir()
        for site in sites:
            example = ROOT / "examples" / site["name"]
            if example.is_dir():
                shutil.copytree(example, self.source(site["name"]), ignore=shutil.ignore_patterns("__pycache__"))
            # Sources that differ from every other deployment's: images named by content are then not shared.
            self.write(site["name"], "deployment.txt", self.name)

    def __enter__(self) -> Self:
        self.configure()
        Deployment.entered.add(self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left: list[str] = []
        try:
            Deployment.built.update(self.images())
            if self.destroys:
                if self.destroy(fails=None).code:
                    self.cancel()
                    self.destroy(fails=None)
                # Data outlives it until its end is meant (tests/docker/test_data.py), and so do certificates.
                ordered = ["ordered_certificates"] if (self.settings.get("tls") or {}).get("acme") else []
                kept = [f"volume portico.{self.name}.{name}" for name in (*self._name_data(), *ordered)]
                left = [one for one in self.leftovers() if one not in kept]
                Deployment.left += left
        finally:
            Deployment.entered.discard(self.name)
            if not self.machine:
                self._remove_leftovers()
        if error is None:
            assert not left, f"destroy left {left}"

    # --- what it is made of

    def configure(self, **settings: Any) -> None:
        """Write the stack file: what it had before, but for these settings. None takes a setting out."""
        self.settings = {key: value for key, value in {**self.settings, **settings}.items() if value is not None}
        file = self.folder / f"Pulumi.{self.name}.yaml"
        stack = yaml.safe_load(file.read_text()) if file.is_file() else {}
        secret = [f"{PROJECT}:{key}" for key in ("secrets", "eabKey", "dnsKey", "backupKey", "backupAccess")]
        kept = {key: value for key, value in stack.get("config", {}).items() if key in secret}
        stack["config"] = kept | {f"{PROJECT}:{key}": value for key, value in self.settings.items()}
        file.write_text(yaml.safe_dump(stack, sort_keys=False))

    def configure_site(self, site: str, **settings: Any) -> None:
        """The same for the settings of one site."""
        sites = [{**one, **settings} if one["name"] == site else one for one in self.settings["sites"]]
        self.configure(sites=sites)

    def set_secret(self, site: str, name: str, value: str) -> None:
        """Set a secret as a user does, with Pulumi's own command."""
        path = f"{PROJECT}:secrets.{site}.{name}"
        self.pulumi("config", "set", "--stack", self.name, "--secret", "--path", path, value)

    def source(self, site: str) -> Path:
        """The folder of a site's source."""
        return self.folder / "sites" / site

    def write(self, site: str, path: str, text: str) -> None:
        """Write one file of a site's source."""
        file = self.source(site) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def edit(self, site: str, text: str) -> None:
        """Add a line to the first module of a site: the next `up` is a new release of it."""
        module = min(self.source(site).glob("*.py"))
        module.write_text(f"{module.read_text()}\n{text}\n")

    # --- what is on the engine

    def containers(self, role: str | None = None, site: str | None = None) -> list[Container]:
        """The deployment's containers, stopped ones included, found by their labels."""
        found = self.engine.containers.list(
            all=True, filters={"label": self._labels(role=role, site=site)}, ignore_removed=True
        )
        return sorted(found, key=lambda container: str(container.name))

    def briefly(self) -> list[tuple[Mapping[str, str], str]]:
        """Labels and status of each of them. The engine is asked once."""
        found = self.engine.containers.list(all=True, sparse=True, filters={"label": self._labels()})
        return [(one.attrs["Labels"], one.status) for one in found]

    def statuses(self) -> dict[str, str]:
        """Docker's line on each of them, such as "Up 2 minutes (healthy)", by name."""
        found = self.engine.containers.list(all=True, sparse=True, filters={"label": self._labels()})
        return {one.attrs["Names"][0]: str(one.attrs["Status"]) for one in found}

    def container(self, role: str, site: str | None = None) -> Container:
        """The only container of this role."""
        (found,) = self.containers(role, site)
        return found

    def ids(self) -> set[str]:
        """The ids of all its containers and networks: equal sets mean that nothing was replaced."""
        networks = self.engine.networks.list(filters={"label": self._labels()})
        return {str(found.id) for found in (*self.containers(), *networks)}

    def ids_of(self, *roles: str) -> set[str]:
        """The ids of the containers of these roles."""
        return {str(found.id) for role in roles for found in self.containers(role)}

    def present(self) -> Wanted:
        """How many containers there are of each role, site and release."""
        keys = ("portico.role", "portico.site", "portico.release")
        listed = [tuple(labels.get(key, "") for key in keys) for labels, _ in self.briefly()]
        return Counter((role, site, release) for role, site, release in listed)

    def wanted(self) -> Wanted:
        """The same as the settings and the stack's outputs say it must be, after a good `up`."""
        releases = self.outputs()["releases"]
        wanted: Wanted = Counter({(role, "", ""): 1 for role in ("nginx", "port", "check", "switch")})
        for site in self.settings["sites"]:
            name = site["name"]
            wanted["files", name, releases[name]] = 1
            wanted["gunicorn", name, releases[name]] = site.get("replicas") or self.settings.get("replicas", 2)
            if site.get("release"):
                wanted["command", name, releases[name]] = 1
            if site.get("workers"):
                wanted["worker", name, releases[name]] = sum(one.get("replicas", 1) for one in site["workers"])
        return wanted

    def images(self) -> list[str]:
        """The images that were built here, found by their labels: names, and ids of those without one."""
        found = self.engine.images.list(filters={"label": self._labels()})
        return sorted(name for image in found for name in image.tags or [str(image.id)])

    def leftovers(self) -> list[str]:
        """What is labelled as this deployment's: containers, networks, volumes and images."""
        engine, label = self.engine, {"label": self._labels()}
        networks, volumes = engine.networks.list(filters=label), engine.volumes.list(filters=label)
        return [
            *(f"container {found.name}" for found in self.containers()),
            *(f"network {found.name}" for found in networks),
            *(f"volume {found.name}" for found in volumes),
            *(f"image {name}{self._tell_image(name)}" for name in self.images()),
        ]

    def _tell_image(self, name: str) -> str:
        """Whose an image without a name is, since its id tells nobody."""
        if not name.startswith("sha256:"):
            return ""
        attrs = self.engine.images.get(name).attrs
        labels = attrs["Config"].get("Labels") or {}
        return f" of {labels.get('portico.site')} {attrs.get('RepoDigests')}, made {attrs.get('Created')}"

    def _name_data(self) -> list[str]:
        """Site and folder of all data of the sites that are configured, such as `notes.media`."""
        return [f"{site['name']}.{one['name']}" for site in self.settings["sites"] for one in site.get("data", ())]

    def _labels(self, **more: str | None) -> list[str]:
        labels = {"project": PROJECT, "stack": self.name, **more}
        return [f"portico.{key}={value}" for key, value in labels.items() if value is not None]

    def _remove_leftovers(self) -> None:
        label = {"label": self._labels()}
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda found: found.remove(force=True, v=True), self.containers()))
        for network in self.engine.networks.list(filters=label):
            network.remove()
        for volume in self.engine.volumes.list(filters=label):
            volume.remove(force=True)
        for image in self.images():
            self.engine.images.remove(image, force=True)


def execute(container: Container, *command: str) -> str:
    """Run a command in a container, which must succeed, and return what it printed."""
    ended = run_in(container, command)
    assert ended.code == 0, f"{' '.join(command)} in {container.name}: {ended.text}"
    return ended.text


# What free_port has given in this process.
_GIVEN: Final[set[int]] = set()
_LANES: Final = 8


def free_port() -> int:
    """A port below those that the system gives to clients, so that no client of a load takes it meanwhile.

    None is given twice, and each worker of a run has ports of its own: nobody else takes one before it is bound.
    """
    lane = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _LANES
    ports = [port for port in range(20_000, 30_000) if port % _LANES == lane and port not in _GIVEN]
    for port in random.sample(ports, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            _GIVEN.add(port)
            return port
    raise RuntimeError("no free port")
