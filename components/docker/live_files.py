"""Looks at the files that NGINX has, through Docker's API: it works wherever the engine runs."""

import io
import tarfile

from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from portico.components.docker.engine_client import Engine
from portico.config.live.drift import Live

CONFIG = "/etc/portico"


def read_live(engine: Engine, edge: str) -> Live | None:
    """What the edge with that id reads; None where it, its files or the engine cannot be found.

    It takes about 50 ms.
    """
    try:
        client = engine.connect()
        container = client.containers.get(edge)
        try:
            _, link = container.get_archive(f"{CONFIG}/live")
        except NotFound:
            return Live("", {})
        target = str((link or {}).get("linkTarget", "")).removeprefix(f"{CONFIG}/")
        return Live(target, read_tree(container) or {})
    except (DockerException, OSError):
        return None


def read_tree(edge: Container) -> dict[str, str] | None:
    """The files that an edge's live link leads to, by their path; None where it leads to nothing."""
    try:
        chunks, _ = edge.get_archive(f"{CONFIG}/live/.")
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        found = [(member.name.removeprefix("./"), archive.extractfile(member)) for member in archive]
        return {path: file.read().decode(errors="replace") for path, file in found if file}
