"""A deployment that belongs to one test: its own clone, state, name and port, and nothing left of it afterwards."""

import json
import os
import random
import shutil
import socket
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Final, Literal, Self

import docker
import yaml
from docker.models.containers import Container

from tests.cloud.vm import Vm
from tests.docker.ask import ADDRESS
from tests.docker.clone import make_clone
from tests.docker.command import ROOT, Result, run, user_environment
from tests.docker.machine import Machine

PROJECT: Final = "portico"
PREFIX: Final = f"test-{os.getpid()}-"  # of the names of this run's stacks
Wanted = Counter[tuple[str, str, str]]
Door = Literal["make", "pulumi"]

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


class Deployment:
    """An own stack of the program, on the real engine. Use it in a `with` block: it is destroyed at the end of it.

    Its folder is a clone of the project, with the state in it, sources in `sites` and one log a command in `logs`.

    `door`: what `up`, `preview` and `destroy` are: the README's `make` commands, or Pulumi's own ones, which it offers
    too and which take half the time. CONTRIBUTING.md says which tests go by which.
    `settings`: the stack file's, without `portico:`; the port is chosen here.
    `machine`: where it runs, Pulumi included, instead of here. `vm`: where its Docker is, while Pulumi runs here.
    `env`: variables of its commands. `address` is the one that clients find it at.
    """

    UP: ClassVar[float] = 150.0  # seconds that a command may take
    # Of all deployments that have ended: the images they had at the end, and what `destroy` left.
    built: ClassVar[set[str]] = set()
    left: ClassVar[list[str]] = []

    def __init__(
        self,
        folder: Path,
        *sites: Mapping[str, Any],
        door: Door = "pulumi",
        machine: Machine | None = None,
        vm: Vm | None = None,
        env: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> None:
        self.folder = folder
        self.door = door
        self.machine = machine
        # What is done there goes by way of SSH, and shares this machine's cores.
        self._limit = self.UP * (2 if vm else 1)
        self._env = dict(env or {})
        self.name = f"{PREFIX}{random.randbytes(3).hex()}"
        self.port = free_port()
        place = machine or vm
        self.engine = docker.DockerClient(base_url=place.engine) if place else docker.from_env()
        # As from outside: there Docker's rules lead to NGINX, while 127.0.0.1 goes through a helper of the engine.
        self.address = machine.ADDRESS if machine else vm.address if vm else ADDRESS
        self.settings: dict[str, Any] = {"port": self.port, **settings, "sites": [dict(site) for site in sites]}
        self._commands = 0
        # The outputs as JSON, and the state that they are of.
        self._outputs: tuple[object, str] = (None, "")
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
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            Deployment.built.update(self.images())
            if self.destroy(fails=None).code:
                self.cancel()
                self.destroy(fails=None)
            left = self.leftovers()
            Deployment.left += left
        finally:
            self._remove_leftovers()
        if error is None:
            assert not left, f"destroy left {left}"

    # --- what it is made of

    def configure(self, **settings: Any) -> None:
        """Write the stack file: what it held before, but for these settings. None takes a setting out."""
        self.settings = {key: value for key, value in {**self.settings, **settings}.items() if value is not None}
        file = self.folder / f"Pulumi.{self.name}.yaml"
        stack = yaml.safe_load(file.read_text()) if file.is_file() else {}
        kept = {key: value for key, value in stack.get("config", {}).items() if key == f"{PROJECT}:secrets"}
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

    # --- what the commands do

    def up(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        """Bring it up, by its door or this one; `options` are for Pulumi's own command."""
        if self._choose(door, options) == "make":
            return self.make("up", fails=fails)
        self._prepare()
        return self._run("pulumi up", self.spell_up(*options), fails=fails, most=self._limit)

    def spell_up(self, *options: str) -> list[str]:
        """The words of Pulumi's own command, for the folder."""
        return self.spell_pulumi("up", "--stack", self.name, "--yes", "--skip-preview", *options)

    def preview(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        if self._choose(door, options) == "make":
            return self.make("preview", fails=fails)
        return self.pulumi("preview", "--stack", self.name, *options, fails=fails)

    def refresh(self, *options: str, fails: bool | None = False) -> Result:
        return self.pulumi("refresh", "--stack", self.name, "--yes", "--skip-preview", *options, fails=fails)

    def destroy(self, *, fails: bool | None = False, door: Door | None = None) -> Result:
        if self._choose(door, ()) == "make":
            return self.make("down", fails=fails)
        return self.pulumi("destroy", "--stack", self.name, "--yes", "--skip-preview", fails=fails)

    def check(self, *, fails: bool | None = False) -> Result:
        return self.make("check", fails=fails)

    def releases(self) -> Result:
        return self.make("releases")

    def rollback(self, site: str = "", to: str = "", *, fails: bool | None = False) -> Result:
        return self.make("rollback", fails=fails, SITE=site, TO=to)

    def resume(self, site: str = "", *, fails: bool | None = False) -> Result:
        return self.make("resume", fails=fails, SITE=site)

    def recover(self, *, fails: bool | None = False) -> Result:
        return self.make("recover", fails=fails)

    def cancel(self) -> Result:
        """Take the lock of a run away, whether it lives or not. Pulumi says no where there is nothing to take."""
        return self.pulumi("cancel", self.name, "--yes", fails=None)

    def logs(self, site: str = "", *, fails: bool | None = False) -> Result:
        return self.make("logs", fails=fails, SITE=site)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs. Pulumi is asked once for each state."""
        state = self._read_state_stamp()
        if state is None or self._outputs[0] != state:
            told = self.pulumi("stack", "output", "--stack", self.name, "--json", "--show-secrets").output
            self._outputs = (self._read_state_stamp(), told)
        values: dict[str, Any] = json.loads(self._outputs[1])
        return values

    @property
    def environment(self) -> dict[str, str]:
        """What its commands find in the environment: a user's, and what the user must say."""
        return {
            **user_environment(),
            "PULUMI_CONFIG_PASSPHRASE": "test",
            **({"DOCKER_HOST": self.machine.engine} if self.machine else {}),
            **self._env,
        }

    def make(self, target: str, *, fails: bool | None = False, **variables: str) -> Result:
        """Run a command of the Makefile, which must succeed; with `fails` it must fail, with None it may do either."""
        # `make up` looks before it deploys.
        words = self.spell_make(target, **variables)
        return self._run(f"make {target}", words, fails=fails, most=2 * self._limit)

    def run_script(self, name: str, *words: str, fails: bool | None = False) -> Result:
        """The same with one of scripts/, for what stands behind several commands."""
        python = str(self.folder / ".venv" / "bin" / "python")
        return self._run(name, [python, f"scripts/{name}", *words], fails=fails, most=self._limit)

    def spell_make(self, target: str, **variables: str) -> list[str]:
        """The words of that command, for the folder."""
        given = {"ENV": self.name, **variables}
        return ["make", target, *(f"{key}={value}" for key, value in given.items())]

    def pulumi(self, command: str, *arguments: str, fails: bool | None = False) -> Result:
        """The same with one of Pulumi's own commands."""
        self._prepare()
        words = self.spell_pulumi(command, *arguments)
        return self._run(f"pulumi {command}", words, fails=fails, most=self._limit)

    def spell_pulumi(self, command: str, *arguments: str) -> list[str]:
        """Its words, for the folder, as the README spells them: `. .tools/env && pulumi ...`."""
        script = '. .tools/env && exec pulumi "$@"'
        return ["bash", "-c", script, "pulumi", command, *arguments, "--non-interactive", "--color", "never"]

    def _choose(self, door: Door | None, options: tuple[str, ...]) -> Door:
        return "pulumi" if options else door or self.door

    def _prepare(self) -> None:
        """What Pulumi's own commands take for granted: set-up was done once, and there is the stack."""
        if not (self.folder / ".tools" / "env").is_file():
            self.make("setup")
        if not self._state.is_file():
            words = self.spell_pulumi("stack", "select", self.name, "--create")
            self._run("pulumi stack select", words, fails=False, most=self._limit)

    def _run(self, what: str, words: list[str], *, fails: bool | None, most: float) -> Result:
        self._commands += 1
        there = self.machine.enter(self.folder) if self.machine else []
        log = self.folder / "logs" / f"{self._commands:02}-{what.replace(' ', '-')}.log"
        result = run([*there, *words], folder=self.folder, log=log, timeout=most, env=self.environment)
        if fails is not None:
            said = "succeeded, and should not have" if fails else "failed"
            assert bool(result.code) == fails, f"{what} {said} after {result.seconds:.1f} s\n{result.tail()}"
        return result

    @property
    def _state(self) -> Path:
        return self.folder / ".state" / ".pulumi" / "stacks" / PROJECT / f"{self.name}.json"

    def _read_state_stamp(self) -> object:
        """Another one for each state that a command has left; None where nobody here can see it."""
        if self.machine or not self._state.is_file():
            return None
        stat = self._state.stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    # --- what is on the engine

    def containers(self, role: str | None = None, site: str | None = None) -> list[Container]:
        """The deployment's containers, stopped ones included, found by their labels."""
        found = self.engine.containers.list(
            all=True, filters={"label": self._labels(role=role, site=site)}, ignore_removed=True
        )
        return sorted(found, key=lambda container: str(container.name))

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
        listed = [tuple(found.labels.get(key, "") for key in keys) for found in self.containers()]
        return Counter((role, site, release) for role, site, release in listed)

    def wanted(self) -> Wanted:
        """The same as the settings and the stack's outputs say it must be, after a good `up`."""
        releases = self.outputs()["releases"]
        wanted: Wanted = Counter({(role, "", ""): 1 for role in ("nginx", "port", "check", "switch")})
        for site in self.settings["sites"]:
            name = site["name"]
            wanted["files", name, releases[name]] = 1
            wanted["gunicorn", name, releases[name]] = site.get("replicas") or self.settings.get("replicas", 2)
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
            *(f"image {name}" for name in self.images()),
        ]

    def _labels(self, **more: str | None) -> list[str]:
        labels = {"project": PROJECT, "stack": self.name, **more}
        return [f"portico.{key}={value}" for key, value in labels.items() if value is not None]

    def _remove_leftovers(self) -> None:
        label = {"label": self._labels()}
        for container in self.containers():
            container.remove(force=True, v=True)
        for network in self.engine.networks.list(filters=label):
            network.remove()
        for volume in self.engine.volumes.list(filters=label):
            volume.remove(force=True)
        for image in self.images():
            self.engine.images.remove(image, force=True)


def strays(engine: docker.DockerClient) -> list[str]:
    """What `destroy` left, and what is left on the engine now that every deployment of this run has ended."""
    label: dict[str, str | list[str] | bool] = {"label": f"portico.project={PROJECT}"}
    found = [
        *(("container", one.name, one.labels) for one in engine.containers.list(all=True, filters=label)),
        *(("network", one.name, one.attrs["Labels"]) for one in engine.networks.list(filters=label)),
        *(("volume", one.name, one.attrs["Labels"]) for one in engine.volumes.list(filters=label)),
        *(("image", one.tags or one.id, one.labels) for one in engine.images.list(filters=label)),
    ]
    return [
        *Deployment.left,
        *(f"{kind} {name}" for kind, name, labels in found if labels.get("portico.stack", "").startswith(PREFIX)),
    ]


def execute(container: Container, *command: str) -> str:
    """Run a command in a container, which must succeed, and return what it printed."""
    code, output = container.exec_run(list(command))
    text = output.decode(errors="replace") if isinstance(output, bytes) else ""
    assert code == 0, f"{' '.join(command)} in {container.name}: {text}"
    return text


def free_port() -> int:
    """A port below those that the system gives to clients, so that no client of a load takes it meanwhile."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
