"""A Docker engine that shows what a test says: containers, and the files that NGINX has."""

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from docker.errors import NotFound
from docker.models.containers import Container

from portico.components.docker.engine_client import Engine


def show(id: str, role: str = "gunicorn", site: str = "shop", release: str = "", **more: Any) -> dict[str, Any]:
    """A container as Docker lists it; its id is filled up to 64 digits."""
    labels = {"portico.role": role, "portico.site": site, "portico.release": release}
    listed: dict[str, Any] = {
        "Names": [f"/{id}-name"],
        "State": "running",
        "Status": "Up 2 minutes (healthy)",
        "Labels": labels,
    }
    listed["NetworkSettings"] = {"Networks": {"portico-1": {}}}
    return {"Id": id.ljust(64, "0")} | listed | more


def inspect(listed: dict[str, Any], restarts: int = 0, started: str = "2026-01-01T00:00:00.123456789Z") -> Any:
    """The same as Docker tells it of one alone."""
    health = re.search(r"\((\w+)\)", str(listed["Status"]))
    state = {"Status": listed["State"], "Health": {"Status": health[1] if health else "none"}, "StartedAt": started}
    return {"Id": listed["Id"], "Name": listed["Names"][0], "State": state, "RestartCount": restarts}


EDGE = show("ed9e", "nginx", "")


@dataclass(frozen=True)
class Watched(Engine):
    """`listed` are its containers, newest first; None: it does not answer.

    Every NGINX of it has `files`, by their path below /etc/portico, and `live` leads to `target`. `stopped` gets the
    ids of those that are stopped, with the seconds that they have; `asked` the filters of each list; `limited` how many
    processes containers may have, by id.
    """

    listed: list[dict[str, Any]] | None = field(default_factory=list)
    target: str | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    stopped: list[tuple[str, int]] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    logs: str = ""
    limited: dict[str, int] = field(default_factory=dict)

    def limit_processes(self, most: Mapping[str, int]) -> None:
        self.limited.update(most)

    def connect(self) -> Any:
        if self.listed is None:
            raise OSError("nobody answers")
        api = SimpleNamespace(
            containers=self._list,
            stop=lambda id, timeout: self.stopped.append((id, timeout)),
            inspect_container=lambda id: next(
                one.get("inspected") or inspect(one) for one in self.listed or [] if one["Id"] == id
            ),
        )
        return SimpleNamespace(api=api, containers=SimpleNamespace(get=self._get, list=self._inspect))

    def _list(self, *, all: bool, filters: Any = None) -> list[dict[str, Any]]:
        assert all and self.listed is not None
        self.asked.append(filters)
        return self.listed

    def _inspect(self, *, all: bool, ignore_removed: bool) -> list[Container]:
        assert all and ignore_removed and self.listed is not None
        return [Container(attrs=one.get("inspected") or inspect(one)) for one in self.listed]

    def _get(self, id: str) -> Any:
        found = [one for one in self.listed or [] if one["Id"].startswith(id)]
        if not found:
            raise NotFound(f"No such container: {id}")
        state = {"Running": found[0]["State"] == "running", "ExitCode": 0}
        attrs = {"State": state, "Config": {"Labels": found[0]["Labels"]}}
        return SimpleNamespace(get_archive=self._pack, attrs=attrs, logs=lambda tail: self.logs.encode())

    def _pack(self, path: str) -> tuple[list[bytes], dict[str, str]]:
        path = path.removeprefix("/etc/portico/")
        if path == "live" and self.target is not None:
            return [], {"linkTarget": f"/etc/portico/{self.target}" if self.target else ""}
        if path == "live/.":
            below = f"{self.target}/"
            files = {name.removeprefix(below): text for name, text in self.files.items() if name.startswith(below)}
        else:
            files = {path: self.files[path]} if path in self.files else {}
        if not files:
            raise NotFound(path)
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, text in files.items():
                member = tarfile.TarInfo(f"./{name}" if path == "live/." else name)
                member.size = len(text.encode())
                archive.addfile(member, io.BytesIO(text.encode()))
        whole = packed.getvalue()
        return [whole[:700], whole[700:]], {}


def serve(release: str, site: str = "shop", tree: str = "t1") -> dict[str, str]:
    """The file of a site in a tree, as far as it names replicas."""
    return {f"trees/{tree}/conf.d/{site}.conf": f"    server unix:/run/portico/{site}/{release}-0.sock max_fails=0;\n"}
