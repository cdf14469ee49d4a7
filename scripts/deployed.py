"""What is deployed of a stack, by its state and on its engine: for what is done by hand, whichever host it is."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from docker import DockerClient
from docker.errors import DockerException
from docker.models.containers import Container

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portico.components.docker.engine_client import Engine  # noqa: E402
from scripts.engine import SERVICE, Export, find_engine, list_resources  # noqa: E402

STACK = "pulumi:pulumi:Stack"


class Refused(Exception):
    """There is nothing to do; the message says why and what can be written."""


def read_export(stack: str, root: Path = ROOT) -> Export:
    """The stack as `pulumi stack export` tells it, {} where there is no such stack. Raises Refused."""
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    try:
        done = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    except FileNotFoundError:
        raise Refused("pulumi is not installed here: make setup") from None
    if done.returncode and "no stack named" in done.stderr:
        return {}
    if done.returncode:
        raise Refused(f"the state of the stack {stack} cannot be read: {done.stderr.strip()}")
    export: Export = json.loads(done.stdout)
    return export


@dataclass(frozen=True)
class Deployed:
    """A stack that is up: its engine, and the live release of each site by the last good update."""

    stack: str
    project: str
    engine: Engine
    releases: dict[str, str]

    @classmethod
    def read(cls, stack: str, root: Path = ROOT) -> Self:
        """Raises Refused where nothing is deployed."""
        return cls.of(stack, read_export(stack, root))

    @classmethod
    def of(cls, stack: str, export: Export) -> Self:
        """The same from a state that was read already."""
        if list_resources(export, SERVICE):
            raise Refused(
                f"the stack {stack} is on ECS, where no Docker engine can be asked; docs/hosts/ecs.md has the commands "
                "of AWS for its logs and its tasks"
            )
        engine = find_engine(export)
        if engine is None:
            raise Refused(f"nothing of the stack {stack} is deployed yet; make up ENV={stack} does it")
        (own,) = list_resources(export, STACK)
        releases = (own.get("outputs") or {}).get("releases") or {}
        return cls(stack, str(own["urn"]).split("::")[1], engine, releases)

    @cached_property
    def client(self) -> DockerClient:
        """Raises DockerException."""
        return self.engine.connect()

    def choose_site(self, site: str, command: str) -> str:
        """The site of that name, or the only one. Raises Refused."""
        sites = " ".join(self.releases)
        if not self.releases:
            raise Refused(f"no release of the stack {self.stack} went live yet; make up ENV={self.stack} does it")
        if site and site not in self.releases:
            raise Refused(f'there is no site "{site}" in the stack {self.stack}; write SITE= and one of: {sites}')
        if not site and len(self.releases) > 1:
            raise Refused(f"which site? Write {command} SITE= and one of: {sites}")
        return site or next(iter(self.releases))

    def label(self, **more: str) -> list[str]:
        """By these labels its own are found, on an engine that others use too."""
        wanted = {"project": self.project, "stack": self.stack, **more}
        return [f"portico.{key}={value}" for key, value in wanted.items() if value]

    def list_containers(self, **more: str) -> list[Container]:
        """Its containers with these labels, stopped ones included, by name."""
        found = self.client.containers.list(all=True, filters={"label": self.label(**more)}, ignore_removed=True)
        return sorted(found, key=lambda one: str(one.name))

    def list_replicas(self, site: str) -> list[Container]:
        """Those of the site's live release, healthy ones first, then what runs. Raises Refused where there are none."""
        release = self.releases[site]
        found = self.list_containers(role="gunicorn", site=site, release=release)
        if not found:
            raise Refused(f"release {release} of {site} has no container any more; make up ENV={self.stack} mends it")
        return sorted(found, key=lambda one: (one.status != "running", one.health != "healthy"))


def report(main: Callable[[], int]) -> int:
    """Run it; what cannot be done is one line and exit code 1."""
    try:
        return main()
    except Refused as refusal:
        print(f"error: {refusal}.", file=sys.stderr)
    except BrokenPipeError:
        # Who reads has seen enough: `make logs | head`. Nothing is left to be written at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (DockerException, OSError) as error:
        print(f"error: Docker could not be asked: {error}", file=sys.stderr)
    return 1
