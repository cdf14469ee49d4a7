"""A machine that runs a rendered tree without Portico: NGINX and Gunicorn side by side in one network namespace."""

import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import docker
from docker.models.containers import Container

from portico.components.docker.container_command import run_in
from tests.docker.engine import free_port

# What the reader of `make render` is asked to do, by layout.
_INSTALL: Final = {
    "conf.d": "exec nginx -c /etc/portico/live/nginx.conf -g 'daemon off;'",
    "sites-available": (
        "rm -rf /etc/nginx/sites-enabled /etc/nginx/sites-available /etc/nginx/conf.d && cp -R /rendered/. /etc/nginx/ "
        "&& nginx -t && exec nginx -g 'daemon off;'"
    ),
}
# Where the packaged NGINX keeps its temporary files, by distribution.
_CACHES: Final = {f"/var/{name}/nginx": "uid=101,gid=101,mode=0700" for name in ("cache", "lib")}
_FOLDER: Final = {"conf.d": "/etc/portico/live", "sites-available": "/rendered"}


class Machine:
    """NGINX from `image` serves the tree in `folder`; `start` adds Gunicorn. Everything goes at the end of a `with`."""

    def __init__(self, folder: Path, layout: str, image: str, static: Path, sockets: Path) -> None:
        self.port = free_port()
        self._engine = docker.from_env()
        self._folder, self._sockets = folder, sockets
        self._containers: list[Container] = []
        self._replicas: list[Container] = []
        sockets.mkdir(exist_ok=True)
        sockets.chmod(0o755)
        for path in [folder, *folder.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        volumes = {
            str(folder): {"bind": _FOLDER[layout], "mode": "ro"},
            str(static): {"bind": "/srv/static", "mode": "ro"},
            str(sockets): {"bind": "/run/portico", "mode": "rw"},
        }
        self.nginx = self._run(
            image,
            entrypoint=["sh", "-c", _INSTALL[layout]],
            volumes=volumes,
            ports={"8080/tcp": ("127.0.0.1", self.port)},
            # conf.d is written for a container that is NGINX's user, sites-available for root.
            user="0:0" if layout == "sites-available" else "101:101",
            tmpfs={} if layout == "sites-available" else _CACHES,
        )

    def start(self, image: str, site: str, entry: str, addresses: Sequence[str], source: Path | None = None) -> None:
        """Start a Gunicorn at each address, from the rendered gunicorn.conf.py; `source` replaces the image's own."""
        extra = {str(source): {"bind": "/app", "mode": "ro"}} if source else {}
        for index, address in enumerate(addresses):
            replica = self._run(
                image,
                entrypoint=["gunicorn", "--config", f"/rendered/gunicorn/{site}.gunicorn.conf.py", entry],
                environment={
                    "PORTICO_ADDRESS": address,
                    "PORTICO_REPLICA": str(index),
                    "PORTICO_SITE": site,
                    "HOME": "/tmp",
                },
                volumes={
                    str(self._folder): {"bind": "/rendered", "mode": "ro"},
                    str(self._sockets): {"bind": "/run/portico", "mode": "rw"},
                    **extra,
                },
                network_mode=f"container:{self.nginx.id}",
            )
            self._replicas.append(replica)

        for address in addresses:
            self._await(address)

    def stop(self, index: int) -> None:
        """End a replica without warning."""
        self._replicas[index].kill()

    def ask(self, *command: str) -> str:
        """What a command prints beside NGINX."""
        code, output = run_in(self.nginx, command)
        assert code == 0, output
        return output.decode().strip()

    def _await(self, address: str, seconds: float = 60) -> None:
        """Wait until Gunicorn answers: NGINX leaves out for ten seconds whom it asked too early."""
        place = address.removeprefix("unix:")
        target = ["--unix-socket", place, "http://localhost/"] if place != address else [f"http://{address}/"]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            code, _ = run_in(self.nginx, ["curl", "-s", "-m", "2", "-o", "/dev/null", *target])
            if code == 0:
                return
            time.sleep(0.2)
        logs = "\n".join(container.logs().decode(errors="replace")[-2000:] for container in self._containers)
        raise AssertionError(f"{address} did not answer within {seconds:g} s\n{logs}")

    def _run(self, image: str, **options: Any) -> Container:
        container: Container = self._engine.containers.create(image, detach=True, **options)
        self._containers.append(container)
        container.start()
        return container

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for container in reversed(self._containers):
            container.remove(force=True, v=True)
