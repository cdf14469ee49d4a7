"""The report of the client that orders certificates: which there are, and the result of the last try."""

import json
from collections.abc import Mapping
from typing import Any, Final

from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from portico.components.docker.container_file import read_file
from portico.components.docker.engine_client import Engine
from portico.config.live.certificate import Certificate
from portico.config.render.layout import CERTIFICATES

# The client's role among the stack's containers.
ROLE: Final = "acme"


def read_report(client: Container) -> dict[str, Certificate] | None:
    """The certificates by site; None where nothing was written yet. Raises DockerException, or OSError."""
    try:
        reported = json.loads(read_file(client, f"{CERTIFICATES}/report.json"))
        return {site: Certificate.read(site, found) for site, found in reported.items()}
    except (NotFound, ValueError):
        return None


def find_report(engine: Engine | None, resources: Mapping[str, Any]) -> dict[str, Certificate]:
    """The certificates by site, by the container that the last update left; {} where nobody can tell."""
    if engine is None:
        return {}
    label = {"label": "portico.role", "value": ROLE}
    found = [one["outputs"] for one in resources.values() if label in (one["outputs"].get("labels") or [])]
    try:
        for one in found:
            return read_report(engine.connect().containers.get(str(one["name"]))) or {}
    except (DockerException, OSError):
        # The caller reports an engine that does not answer.
        pass
    return {}
