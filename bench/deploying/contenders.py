"""Who is measured: each deploys examples/hello with two replicas behind one NGINX, in the way that is usual for it."""

import os
import random
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

import docker

from bench.deploying.phases import Watch
from tests.docker.command import ROOT, Result, environment, run
from tests.docker.engine import HELLO, Deployment, free_port

HERE: Final = Path(__file__).parent
NGINX: Final = "nginx:1.30.6"
LONGEST: Final = 180.0  # seconds that one command may take


class Contender(ABC):
    """Something that deploys. `source` is the folder that a developer changes, `port` where NGINX answers.

    `phases`: where the seconds of the last `deploy` went, if that is known.
    """

    name: str
    source: Path
    port: int
    phases: Mapping[str, float] = MappingProxyType({})

    @abstractmethod
    def deploy(self) -> float:
        """Bring what is in `source` live, with the tool's usual command; the seconds until it returned."""

    @abstractmethod
    def remove(self) -> None:
        """Remove everything that `deploy` made."""

    def change(self, number: int) -> None:
        """A code release: one line of the application differs, and its answers say so."""
        module = self.source / "hello.py"
        line = r'"release": os.environ.get\("PORTICO_RELEASE", ".*"\),'
        text, found = re.subn(
            line, f'"release": os.environ.get("PORTICO_RELEASE", "change {number}"),', module.read_text()
        )
        assert found == 1, "examples/hello/hello.py says its release in another way now"
        module.write_text(text)


class Portico(Contender):
    """This program, with its defaults."""

    name = "Portico"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.deployment = Deployment(folder, HELLO, nginxImage=NGINX).__enter__()
        self.source, self.port = self.deployment.source("hello"), self.deployment.port

    def deploy(self) -> float:
        with Watch(f"portico.stack={self.deployment.name}") as watch:
            seconds = self.deployment.up().seconds
        self.phases = watch.phases()
        return seconds

    def remove(self) -> None:
        self.deployment.__exit__(None, None, None)


class _Shared(Contender):
    """What Compose and the plain program have in common: Dockerfile, nginx.conf, gunicorn.conf.py."""

    environment: dict[str, str]

    def __init__(self, folder: Path, files: Path, pip: Path) -> None:
        """`pip` is the folder that holds pip.conf and ca.pem, as Portico wrote them."""
        self.folder, self.port, self._commands = folder, free_port(), 0
        self.project = f"bench-{os.getpid()}-{random.randbytes(3).hex()}"
        shutil.copytree(HERE / "shared", folder, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(files, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        self.source = folder / "app"
        shutil.copytree(ROOT / "examples/hello", self.source, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(self.source / "requirements.txt", folder)
        (folder / "pip").mkdir()
        for name in ("pip.conf", "ca.pem"):
            shutil.copy(pip / name, folder / "pip")
            (folder / "pip" / name).chmod(0o644)

    def _run(self, *command: str) -> Result:
        self._commands += 1
        result = run(
            command,
            folder=self.folder,
            log=self.folder.with_name(f"{self.folder.name}-{self._commands}.log"),
            timeout=LONGEST,
            env={**environment(), **self.environment},
        )
        assert result.code == 0, f"{' '.join(command)} failed\n{result.tail()}"
        return result

    def _remove_image(self) -> None:
        engine = docker.from_env()
        for image in engine.images.list(self.project):
            # By name: the same content built by another contender is the same image.
            for name in image.tags:
                if name.startswith(f"{self.project}:"):
                    engine.images.remove(name, force=True)


class Compose(_Shared):
    """Docker Compose, as Debian packs it."""

    name = "Docker Compose"

    def __init__(self, folder: Path, pip: Path) -> None:
        super().__init__(folder, HERE / "compose", pip)
        self.environment = {
            "COMPOSE_PROJECT_NAME": self.project,
            "PORT": str(self.port),
            "NGINX_IMAGE": NGINX,
            # BuildKit needs a plugin of the docker command that not every machine has.
            "DOCKER_BUILDKIT": "0",
        }

    def deploy(self) -> float:
        return self._run("docker-compose", "up", "-d", "--build").seconds

    def remove(self) -> None:
        self._run("docker-compose", "down", "--volumes", "--timeout", "5")
        self._remove_image()


class PlainPulumi(_Shared):
    """A Pulumi program of pulumi-docker's resources with the provider's defaults."""

    name = "Plain pulumi-docker"

    def __init__(self, folder: Path, pip: Path) -> None:
        super().__init__(folder, HERE / "plain", pip)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        (folder / "state").mkdir()
        (folder / ".dockerignore").write_text("state\n.venv\n")
        self.environment = {
            "PULUMI_BACKEND_URL": f"file://{folder}/state",
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_CONFIG_PASSPHRASE_FILE": "",
        }
        self._pulumi("stack", "init", "bench", "--secrets-provider", "passphrase")
        for key, value in (("name", self.project), ("port", str(self.port)), ("nginxImage", NGINX)):
            self._pulumi("config", "set", "--stack", "bench", key, value)

    def deploy(self) -> float:
        return self._pulumi("up", "--stack", "bench", "--yes", "--skip-preview").seconds

    def remove(self) -> None:
        self._pulumi("destroy", "--stack", "bench", "--yes", "--skip-preview")
        self._remove_image()

    def _pulumi(self, *command: str) -> Result:
        return self._run("pulumi", *command, "--non-interactive", "--color", "never")
