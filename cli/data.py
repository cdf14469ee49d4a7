"""Data of sites, as the engine shows it, also where nothing of the stack is deployed any more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portico.cli.engine import find_engine
from portico.cli.export import read_export
from portico.cli.project import read_config, read_name
from portico.cli.refused import Refused
from portico.components.docker.container_command import run_in
from portico.config.in_container import read_script

if TYPE_CHECKING:
    from docker.models.containers import Container

    from portico.components.docker.engine_client import Engine

_UNITS = ("B", "KB", "MB", "GB", "TB")


@dataclass(frozen=True)
class Folder:
    """Data of a site: its name and Docker's name of its volume.

    `used` and `free` are bytes, `files` a number; None where no replica runs that could tell.
    """

    site: str
    name: str
    volume: str
    used: int | None = None
    files: int | None = None
    free: int | None = None

    def __str__(self) -> str:
        reported = f"{self.site}: data {self.name}, volume {self.volume}"
        if self.used is None or self.free is None:
            return reported
        return f"{reported}: {spell_bytes(self.used)} in {self.files} files, {spell_bytes(self.free)} are free"


def spell_bytes(count: float) -> str:
    """As people write it: 12.3 MB."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            break
        count /= 1000
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def find_place(stack: str, root: Path) -> "Engine | None":
    """The engine that the stack is on, or would be by its settings; None where those name none that keeps data."""
    from portico.components.docker.engine_client import Engine

    config = read_config(root, stack)
    target = str(config.get("target") or "local")
    if target not in ("local", "ssh"):
        return None
    if engine := find_engine(read_export(stack, root)):
        return engine
    if target == "local":
        return Engine(str(config["docker"]) if config.get("docker") else None)
    if not isinstance(config.get("ssh"), dict):
        return None
    from pydantic import ValidationError

    from portico.components.hosts.connection import connect
    from portico.config.settings import Ssh

    try:
        connection = connect(Ssh.model_validate(config["ssh"]), stack)
    except ValidationError:
        # What is wrong with it, `portico up` says.
        return None
    return Engine(connection.url, connection.options)


def list_data(engine: "Engine", stack: str, root: Path) -> list[Folder]:
    """The data of the stack's sites, by site and name. Raises DockerException and OSError."""
    found = []
    for volume, labels in list_volumes(engine, stack, root, "data").items():
        found.append(Folder(str(labels.get("portico.site")), str(labels.get("portico.data")), volume))
    return sorted(found, key=lambda folder: (folder.site, folder.name))


def list_volumes(engine: "Engine", stack: str, root: Path, role: str) -> dict[str, Mapping[str, str]]:
    """The labels of the stack's volumes of that role, by their names. Raises DockerException and OSError."""
    project = read_name(root)
    wanted = {"label": [f"portico.role={role}", f"portico.stack={stack}"]}
    found = {}
    for one in engine.connect().api.volumes(filters=wanted).get("Volumes") or []:
        labels: Mapping[str, str] = one.get("Labels") or {}
        # A program may have several Porticos: project.name.
        if str(labels.get("portico.project", "")).split(".")[0] == project.split(".")[0]:
            found[str(one["Name"])] = labels
    return found


def measure(folders: Sequence[Folder], replicas: Sequence["Container"]) -> list[Folder]:
    """The same with their sizes, as far as a running replica has them. Raises DockerException, or OSError."""
    return [_measure(folder, replicas) for folder in folders]


def _measure(folder: Folder, replicas: Sequence["Container"]) -> Folder:
    for replica in (one for one in replicas if one.status == "running"):
        mounts: Sequence[Mapping[str, Any]] = replica.attrs.get("Mounts") or []
        path = next((one["Destination"] for one in mounts if one.get("Name") == folder.volume), None)
        if path is None:
            continue
        ended = run_in(replica, ["python3", "-I", "-S", "-c", read_script("measure.py"), str(path)])
        if ended.code == 0:
            seen = json.loads(ended.output)
            return Folder(folder.site, folder.name, folder.volume, seen["bytes"], seen["files"], seen["free"])
    return folder


def remove_volumes(engine: "Engine", volumes: Sequence[str]) -> None:
    """Delete them forever. Raises Refused where one is in use."""
    from docker.errors import APIError, NotFound

    client = engine.connect()
    for volume in volumes:
        try:
            client.api.remove_volume(volume)
        except NotFound:
            continue
        except APIError as error:
            raise Refused(f"the volume {volume} was not removed: {error.explanation}") from None
