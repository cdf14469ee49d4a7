"""The same application without NGINX, in a container of the image that is deployed."""

import contextlib
import time
from types import TracebackType
from typing import Self

from docker.models.containers import Container
from tests.docker.ask import ask
from tests.docker.engine import Deployment

_SERVE = """
import sys
from gunicorn.util import import_app
from werkzeug.serving import run_simple
app = import_app(sys.argv[1])

def alone(environ, start_response):
    # What belongs to one connection, NGINX keeps to itself.
    environ.pop("HTTP_CONNECTION", None)
    return app(environ, start_response)

run_simple("0.0.0.0", {port}, alone, threaded=True)
"""


class Twin:
    """In a `with` block: Werkzeug's own server, which `flask run` is, or Gunicorn, with what a replica has.

    It answers at `address` and the deployment's port, so that requests to both are the same to the last byte.
    """

    def __init__(self, deployment: Deployment, site: str, entry: str, *, gunicorn: bool = False) -> None:
        self.port = deployment.port
        self._engine = deployment.engine
        self._replica = deployment.containers("gunicorn", site)[0]
        self._entry = entry
        self._gunicorn = gunicorn

    def __enter__(self) -> Self:
        attrs = self._replica.attrs
        config, host = attrs["Config"], attrs["HostConfig"]
        (network,) = self._engine.networks.list(names=[*attrs["NetworkSettings"]["Networks"]])
        # Where clients on this machine come from.
        self.client = str(network.attrs["IPAM"]["Config"][0]["Gateway"])
        begin = [*config["Entrypoint"][:-1], "python3", "-c", _SERVE.format(port=self.port)]
        # The later one of two counts. It tells nobody that it began.
        other = [f"PORTICO_ADDRESS=0.0.0.0:{self.port}", "PORTICO_BOOTS=", "PORTICO_PROGRESS="]
        self.container: Container = self._engine.containers.run(
            attrs["Image"],
            entrypoint=config["Entrypoint"] if self._gunicorn else begin,
            command=config["Cmd"] if self._gunicorn else [self._entry],
            environment=[*(str(one) for one in config["Env"]), *other],
            user=config["User"],
            labels=config["Labels"] | {"portico.role": "twin"},
            network=str(network.name),
            volumes_from=[str(self._replica.id)],
            read_only=host["ReadonlyRootfs"],
            tmpfs=host["Tmpfs"],
            healthcheck={"test": ["NONE"]},
            working_dir=config["WorkingDir"],
            detach=True,
        )
        self.container.reload()
        self.address = str(self.container.attrs["NetworkSettings"]["Networks"][network.name]["IPAddress"])
        end = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                ask(self.port, "localhost", "/", address=self.address)
                return self
            self.container.reload()
            assert self.container.status == "running" and time.monotonic() < end, self.container.logs().decode()
            time.sleep(0.2)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            print(self.container.logs(tail=40).decode(errors="replace"))
        self.container.remove(force=True)
