"""The report of the client that orders certificates, found by what the last update left."""

import io
import json
import tarfile
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import DockerException, NotFound

from portico.components.docker.certificate_report import find_report

CONTAINER = "docker:index/container:Container"


def make_resources(*roles: str) -> dict[str, Any]:
    """Containers of these roles, named after them, and what has no labels."""
    labelled = {
        f"urn::{role}": {
            "type": CONTAINER,
            "outputs": {"name": f"{role}-1", "labels": [{"label": "portico.role", "value": role}]},
        }
        for role in roles
    }
    return {"urn::stack": {"type": "pulumi:pulumi:Stack", "outputs": {}}, **labelled}


def make_engine(text: str | None, error: Exception | None = None) -> Any:
    """An engine whose container `acme-1` alone is there, with this report."""

    def read(path: str) -> tuple[list[bytes], None]:
        assert path == "/srv/certificates/report.json"
        if text is None:
            raise NotFound("nothing is there")
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            member = tarfile.TarInfo("report.json")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
        return [buffer.getvalue()], None

    def find(name: str) -> Any:
        if error or name != "acme-1":
            raise error or NotFound("no such container")
        return SimpleNamespace(get_archive=read)

    return SimpleNamespace(connect=lambda: SimpleNamespace(containers=SimpleNamespace(get=find)))


def test_it_is_read_in_the_clients_container() -> None:
    engine = make_engine(json.dumps({"shop": {"hosts": ["shop.example"], "error": "429"}}))
    (found,) = find_report(engine, make_resources("nginx", "acme", "port")).values()
    assert (found.site, found.lacking, found.error) == ("shop", ["shop.example"], "429")


@pytest.mark.parametrize(
    ("engine", "roles"),
    [
        (None, ["acme"]),
        (make_engine("{}"), ["nginx"]),
        (make_engine(None), ["acme"]),
        (make_engine("{half"), ["acme"]),
        (make_engine("{}", NotFound("it was removed")), ["acme"]),
        (make_engine("{}", DockerException("nobody answers")), ["acme"]),
        (make_engine("{}", OSError("nobody answers")), ["acme"]),
    ],
    ids=["no engine", "no client", "no report", "half a report", "removed", "no answer", "no connection"],
)
def test_nothing_fails_where_nobody_can_tell(engine: Any, roles: list[str]) -> None:
    assert find_report(engine, make_resources(*roles)) == {}
