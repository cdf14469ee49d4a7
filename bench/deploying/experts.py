"""Docker Compose as somebody runs it who knows where its requests are lost."""

import time
from pathlib import Path
from typing import Final

import docker

from bench.deploying.contenders import LONGEST, Compose

# Seconds until NGINX has asked Docker's DNS again, which it does every second.
_RESOLVED: Final = 2.5


class TunedCompose(Compose):
    """The same, but NGINX never leaves out a replica for ten seconds because one request to it has failed."""

    name = "Compose, max_fails=0"

    def __init__(self, folder: Path, pip: Path) -> None:
        super().__init__(folder, pip)
        file = folder / "nginx.conf"
        text = file.read_text()
        tuned = text.replace("server app:8000 resolve;", "server app:8000 resolve max_fails=0;")
        assert tuned != text, "bench/deploying/shared/nginx.conf names its upstream in another way now"
        file.write_text(tuned)


class RollingCompose(TunedCompose):
    """New containers first: twice as many for a while, healthy before the old ones are stopped, as docker-rollout does.

    The old ones get SIGTERM and 35 s. NGINX tries the next replica where one takes no connection any more.
    """

    name = "Compose, max_fails=0, rolling"

    def deploy(self) -> float:
        began, old = time.monotonic(), self._list_replicas()
        if not old:
            return super().deploy()
        self._run("docker-compose", "build", "app")
        scale = f"app={2 * len(old)}"
        self._run("docker-compose", "up", "-d", "--no-deps", "--no-recreate", "--scale", scale, "app")
        self._wait_healthy(2 * len(old))
        time.sleep(_RESOLVED)
        self._run("docker", "stop", "--time", "35", *old)
        self._run("docker", "rm", *old)
        return time.monotonic() - began

    def _list_replicas(self) -> list[str]:
        labels = [f"com.docker.compose.project={self.project}", "com.docker.compose.service=app"]
        return [str(one.id) for one in docker.from_env().containers.list(filters={"label": labels})]

    def _wait_healthy(self, wanted: int) -> None:
        until = time.monotonic() + LONGEST
        while time.monotonic() < until:
            found = [docker.from_env().containers.get(one) for one in self._list_replicas()]
            if sum(one.attrs["State"]["Health"]["Status"] == "healthy" for one in found) >= wanted:
                return
            time.sleep(0.5)
        raise RuntimeError(f"{self.name}: the new replicas do not get healthy")
