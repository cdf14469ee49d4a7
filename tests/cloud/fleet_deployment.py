"""A deployment on ECS, as far as there is AWS here: the real program, the real engine, and the double of the plugin."""

import os
import platform
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from zlib import crc32

from docker.errors import APIError

from tests.cloud.leftovers import list_leftovers, remove, sweep
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.fargate import status
from tests.cloud.plugin.fleet_kinds import BALANCER, DEFINITION, FILES, SERVICE
from tests.cloud.plugin.fleet_made import name_registry
from tests.cloud.plugin.fleet_service import SILENT
from tests.cloud.plugin.owner import name_owner
from tests.cloud.plugin.process import tell
from tests.cloud.stack import double_aws
from tests.docker.command import ROOT, Result
from tests.docker.commands import Door
from tests.docker.engine import Deployment

REGION: Final = "eu-central-1"
# Images are built here, so for the processor that is here.
ARCHITECTURE: Final = "arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64"


def choose_range() -> str:
    """The addresses of a VPC that no other worker of this run has: each subnet is a network of the one Docker engine.

    Another checkout on this machine most likely has others.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return f"10.{100 + crc32(str(ROOT).encode()) % 12 * 8 + worker % 8}.0.0/16"


class FleetDeployment(Deployment):
    """The same with a cloud of its own. `ecs` are settings of that section, besides those that it takes."""

    UP = 1200.0  # a release that is given up, three times after each other, on a machine that may be busy

    def __init__(
        self, folder: Path, *sites: Mapping[str, Any], ecs: Mapping[str, Any] | None = None, **more: Any
    ) -> None:
        sweep()
        self.cloud = Cloud(folder / "cloud")
        section = {"region": REGION, "architecture": ARCHITECTURE, "range": choose_range(), **(ecs or {})}
        settings: dict[str, Any] = {"target": "ecs", "port": None, "ecs": section, **more}
        super().__init__(folder, *sites, env=double_aws(self.cloud), **settings)
        self.port = 80

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            # Nothing is destroyed twice.
            self.destroys = bool(self.left_in_cloud())
            super().__exit__(kind, error, trace)
            # Data outlives it.
            files = [thing.name for thing in self.cloud.things(FILES)]
            left = [
                *(name for name in self.left_in_cloud() if name not in files),
                *list_leftovers(name_owner(self.cloud.folder)),
            ]
        finally:
            self._take_away()
        if error is None:
            assert not left, f"destroy left {left}"

    def leftovers(self) -> list[str]:
        """The same without what only the double leaves: its tasks run on the engine where images are built.

        An image that a task still runs while Docker is to remove it stays, without a name. AWS's tasks run elsewhere.
        """
        for name in self.images():
            if name.startswith("sha256:"):
                with suppress(APIError):
                    self.engine.images.remove(name)
        return super().leftovers()

    def up(self, *options: str, fails: bool | None = False, door: Door | None = None) -> Result:
        """The same, after which `address` is the balancer's."""
        result = super().up(*options, fails=fails, door=door)
        if balancers := self.cloud.things(BALANCER):
            self.address = balancers[0].outputs["dnsName"]
        return result

    def let_rollbacks_pass(self, pass_: bool = True) -> None:
        """Whether the plugin takes a service that AWS has rolled back for one that is as it should be."""
        self._env[SILENT] = "yes" if pass_ else ""

    def service(self, site: str) -> Thing:
        """The service of a site, or of one of its workers: `shop-worker-queue`."""
        (found,) = [one for one in self.cloud.things(SERVICE) if one.name == f"{site}-service"]
        return found

    def tasks(self, site: str) -> list[dict[str, Any]]:
        """Its tasks, as the double knows them: id, definition, status, address."""
        return list(status.read(self.cloud, self.service(site).id)["tasks"])

    def left_in_cloud(self) -> list[str]:
        """What is still there; task definitions cost nothing, and are kept on purpose."""
        return [thing.name for thing in self.cloud.things() if thing.type != DEFINITION]

    def _take_away(self) -> None:
        for service in self.cloud.things(SERVICE):
            tell(status.name_process(self.cloud, service.id), {"end": True})
        for balancer in self.cloud.things(BALANCER):
            tell(balancer.outputs["dnsName"], {"end": True})
        tell(name_registry(self.cloud), {"end": True})
        remove(name_owner(self.cloud.folder))
