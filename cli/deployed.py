"""What is deployed of a stack, by its state and on its engine: for commands such as logs and exec, on any host."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from docker import DockerClient
from docker.models.containers import Container

from portico.cli.engine import Export, find_engine, is_on_ecs, list_resources
from portico.cli.export import read_export
from portico.cli.refused import Refused
from portico.cli.served import find_served
from portico.cli.site_choice import choose_site
from portico.cli.spelling import spell, spell_option
from portico.components.docker.engine_client import Engine
from portico.config.release.process import PROCESS
from portico.config.release.release_command import ROLE as COMMAND
from portico.config.release.worker import ROLE as WORKER

STACK = "pulumi:pulumi:Stack"
# What a process is called that is no worker.
WEB, RELEASE = "web", "release"


@dataclass(frozen=True)
class Deployed:
    """A stack that is up: its engine, and the live release of each site."""

    stack: str
    project: str
    engine: Engine
    releases: dict[str, str]

    @classmethod
    def read(cls, stack: str, root: Path | None = None) -> Self:
        """Raises Refused where nothing is deployed."""
        return cls.of(stack, read_export(stack, root))

    @classmethod
    def of(cls, stack: str, export: Export) -> Self:
        """The same from a state that was read already."""
        if is_on_ecs(export):
            raise Refused(
                f"the stack {stack} is on ECS, where no Docker engine can be asked; docs/hosts/ecs.md has the commands "
                "of AWS for its logs and its tasks"
            )
        engine = find_engine(export)
        if engine is None:
            raise Refused(f"nothing of the stack {stack} is deployed yet; {spell('up', stack)} does it")
        (own,) = list_resources(export, STACK)
        # After an update that failed for one site, the state has the outputs of the one before it.
        releases = find_served(export) or (own.get("outputs") or {}).get("releases") or {}
        return cls(stack, str(own["urn"]).split("::")[1], engine, releases)

    @cached_property
    def client(self) -> DockerClient:
        """Raises DockerException."""
        return self.engine.connect()

    def choose_site(self, site: str, command: str) -> str:
        """The site of that name, or the only one. Raises Refused."""
        return choose_site(self.stack, self.releases, site, command)

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
            raise Refused(f"release {release} of {site} has no container any more; {spell('up', self.stack)} fixes it")
        return sorted(found, key=lambda one: (one.status != "running", one.health != "healthy"))

    def is_begun(self, site: str) -> bool:
        """Whether nothing of a site is live, and a release of it was begun; of the stack, where none is named."""
        if not self.releases or not site or site in self.releases:
            return not self.releases
        return bool(self.list_containers(role="gunicorn", site=site))

    def choose_begun(self, site: str, command: str) -> Container:
        """A replica of a site whose first release did not go live: of that name, or the only one. Raises Refused."""
        found = {str(one.labels["portico.site"]): one for one in self.list_containers(role="gunicorn")}
        if site in found or (not site and len(found) == 1):
            return found[site or next(iter(found))]
        if not site and found:
            raise Refused(f"which site? Write {spell(command, site='')} and one of: {' '.join(found)}")
        raise Refused(
            f"nothing of {site or f'the stack {self.stack}'} was started yet; what is to run before its first version "
            "starts is its release command: write release: {command: …}, see docs/processes.md"
        )

    def choose_label(self, site: str, process: str) -> dict[str, str]:
        """By which labels the containers of one process of a site are found; `process` is web, release or a worker's.

        Raises Refused where the site has no such process.
        """
        if process == WEB:
            return {"role": "gunicorn", "site": site}
        if process == RELEASE:
            return {"role": COMMAND, "site": site}
        workers = {one.labels.get(PROCESS, "") for one in self.list_containers(role=WORKER, site=site)}
        if process not in workers:
            known = " ".join([WEB, RELEASE, *sorted(workers)])
            raise Refused(f'{site} has no process "{process}"; write {spell_option("process")} and one of: {known}')
        return {"role": WORKER, "site": site, "process": process}

    def list_process(self, site: str, process: str) -> list[Container]:
        """The containers of one process of the live release, those that run first. Raises Refused."""
        if process == WEB:
            return self.list_replicas(site)
        release = self.releases[site]
        found = self.list_containers(**self.choose_label(site, process), release=release)
        if not found:
            what = f"{process} of {site} has no container of the live release {release}"
            raise Refused(f"{what}; {spell('up', self.stack)} makes it")
        return sorted(found, key=lambda one: one.status != "running")
