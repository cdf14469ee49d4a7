"""The edge under attack: the deployed one, or the same NGINX with files that differ in a line."""

import copy
import io
import re
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docker.models.containers import Container

from portico.components.docker.container_command import run_in
from portico.config.checks import check_settings
from portico.config.release.assemble import make_release
from portico.config.render.nginx import render_nginx
from tests.attacks.raw import ADDRESS, connect
from tests.docker.engine import Deployment, execute, free_port

Files = Mapping[str, str]
LIVE = "/etc/portico/live"


@dataclass(frozen=True, kw_only=True)
class Edge:
    """An NGINX that answers on `port` of this machine, before the replicas of `deployment`."""

    port: int
    deployment: Deployment
    container: Container
    tls_port: int = 0

    def log(self, since: float = 0.0) -> str:
        """What it wrote to its logs since a time."""
        output: bytes = self.container.logs(since=since or None)
        return output.decode(errors="replace")

    def await_log(self, *words: str, since: float) -> None:
        """Until its logs since a time tell of all `words`, at most 5 seconds: Docker writes them after the answer."""
        for _ in range(50):
            if all(word in (text := self.log(since)) for word in words):
                return
            time.sleep(0.1)
        raise AssertionError(f"the log does not tell of {words}: {text}")


def get_edge(deployment: Deployment) -> Edge:
    """The deployed one."""
    tls = deployment.settings.get("tls")
    return Edge(
        port=deployment.port,
        deployment=deployment,
        container=deployment.container("nginx"),
        tls_port=tls["port"] if tls else 0,
    )


def read_files(edge: Edge) -> dict[str, str]:
    """The files that the deployed NGINX reads, as they are in its container."""
    folder = execute(edge.container, "readlink", "-f", LIVE).strip()
    packed, _ = edge.container.get_archive(folder)
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        return {member.name.partition("/")[2]: _text(archive, member) for member in members}


def _text(archive: tarfile.TarFile, member: tarfile.TarInfo) -> str:
    file = archive.extractfile(member)
    assert file is not None
    return file.read().decode()


def weaken(files: Files, *edits: tuple[str, str]) -> dict[str, str]:
    """The same files with every match of a pattern replaced; a pattern that matches nowhere is a mistake."""
    changed = dict(files)
    for pattern, new in edits:
        after = {path: re.sub(pattern, new, text, flags=re.MULTILINE) for path, text in changed.items()}
        assert after != changed, f"no line of the deployed files matches {pattern}"
        changed = after
    return changed


def render(
    edge: Edge,
    change: Callable[[dict[str, Any]], object],
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    private: str = "",
) -> Files:
    """The files that other settings of the stack would give, for the replicas that are there."""
    deployment = edge.deployment
    values = copy.deepcopy(deployment.settings)
    change(values)
    settings = check_settings(values, deployment.folder)
    releases = [
        make_release(settings, site, deployment.folder, (secrets or {}).get(site.name, {})) for site in settings.sites
    ]
    assert {release.site.name: release.id for release in releases} == deployment.outputs()["releases"]
    return render_nginx(settings, releases, private=private).files


@contextmanager
def run_nginx(edge: Edge, files: Files) -> Iterator[Edge]:
    """NGINX with other files, on the volumes and the network of the deployed one."""
    deployment, attrs = edge.deployment, edge.container.attrs
    host, ports = attrs["HostConfig"], {"8080/tcp": free_port()}
    if edge.tls_port:
        ports["8443/tcp"] = free_port()
    container = deployment.engine.containers.create(
        attrs["Config"]["Image"],
        entrypoint=["nginx"],
        command=["-c", "/variant/nginx.conf", "-g", "daemon off;"],
        user=attrs["Config"]["User"],
        volumes=[f"{mount['Name']}:{mount['Destination']}" for mount in attrs["Mounts"] if mount["Type"] == "volume"],
        tmpfs=host["Tmpfs"],
        network=next(iter(attrs["NetworkSettings"]["Networks"])),
        ports={name: (ADDRESS, port) for name, port in ports.items()},
    )
    try:
        container.put_archive("/", _pack(files, Path("variant")))
        container.start()
        container.reload()
        found = Edge(
            port=ports["8080/tcp"],
            deployment=deployment,
            container=container,
            tls_port=ports.get("8443/tcp", 0),
        )
        _await(found)
        yield found
    finally:
        container.remove(force=True)


def _pack(files: Files, folder: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path, text in files.items():
            member = tarfile.TarInfo(str(folder / path))
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return packed.getvalue()


def _await(edge: Edge) -> None:
    """Wait until NGINX answers inside; the port is open before that."""
    for _ in range(100):
        edge.container.reload()
        assert edge.container.status == "running", edge.log()
        code, _ = run_in(edge.container, ["curl", "-sf", "-m", "2", "http://127.0.0.1:8081/healthz"])
        if code == 0:
            connect(edge.port).close()
            return
        time.sleep(0.1)
    raise AssertionError(f"NGINX did not answer: {edge.log()}")
