"""One deployment for all attacks."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.edge import Edge, get_edge
from tests.attacks.sample import HIDDEN, SECRET
from tests.docker.engine import Deployment

SOURCE = Path(__file__).parent / "probe"


def make_site(name: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": f"sites/{name}",
        "entry": "web:app",
        "hosts": [f"{name}.localhost"],
        "health": "/whoami",
        "replicas": 1,
        "gunicorn": {"workers": 1, "threads": 8},
        **settings,
    }


SITES = (
    make_site(
        "probe",
        aliases=["www.probe.localhost"],
        body="64K",
        routes=[
            {"path": "/tiny", "body": "1K"},
            {"path": "/upload/", "body": "128K"},
            {"path": "/large", "body": "8M"},
        ],
    ),
    # Its replica is stopped, so that nobody answers.
    make_site("doomed"),
)


@pytest.fixture(scope="package")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    with Deployment(tmp_path_factory.mktemp("attacks"), *SITES) as deployment:
        for site in SITES:
            shutil.copytree(
                SOURCE,
                deployment.source(site["name"]),
                ignore=shutil.ignore_patterns("__pycache__"),
                dirs_exist_ok=True,
            )
        for path, text in HIDDEN.items():
            deployment.write("probe", path, text)
        deployment.set_secret("probe", "API_KEY", SECRET)
        deployment.up()
        yield get_edge(deployment)
