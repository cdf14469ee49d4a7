"""The kinds of source that can be deployed, besides a folder with a requirements.txt: both serve."""

from collections.abc import Iterator

import pytest

from tests.docker.applications import DOCKERFILE, MODULE, PYPROJECT, small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.faults import paused

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def sources(deploy: Deploy) -> Iterator[Deployment]:
    deployment: Deployment = deploy(small("own"), small("packaged", "shop.web:app"))
    deployment.write("own", "Dockerfile", DOCKERFILE)
    deployment.write("own", "web.py", MODULE)
    deployment.write("packaged", "pyproject.toml", PYPROJECT)
    deployment.write("packaged", "src/shop/__init__.py", "")
    deployment.write("packaged", "src/shop/web.py", MODULE)
    deployment.write("packaged", "src/shop/static/note.txt", "a note\n")
    deployment.up()
    yield deployment


@pytest.mark.parametrize("site", ["own", "packaged"])
def test_it_serves(sources: Deployment, site: str) -> None:
    response = get(sources.port, f"{site}.localhost", "/whoami")
    assert response.status == 200
    assert response.json() == {"site": site, "release": sources.outputs()["releases"][site]}


def test_own_dockerfile_is_what_runs(sources: Deployment) -> None:
    replica = sources.container("gunicorn", "own")
    assert execute(replica, "cat", "/srv/made-by") == "mine\n"
    assert replica.attrs["Config"]["WorkingDir"] == "/srv/shop"
    # How it runs stays Portico's: not as the Dockerfile's user, but as the site's.
    assert int(replica.attrs["Config"]["User"].split(":")[0]) >= 20_000


def test_pyproject_static_files_of_the_package_are_served(sources: Deployment) -> None:
    with paused(sources.container("gunicorn", "packaged")):
        note = get(sources.port, "packaged.localhost", "/static/note.txt")
    assert (note.status, note.body) == (200, b"a note\n")


@pytest.mark.parametrize("site", ["own", "packaged"])
def test_what_pip_was_given_is_not_in_the_image(sources: Deployment, site: str) -> None:
    replica = sources.container("gunicorn", site)
    found = execute(replica, "sh", "-c", "ls -A /etc/pip.conf /run/secrets 2>/dev/null; true")
    assert "ca.pem" not in found
    assert "cert = /run/secrets/ca.pem" not in execute(replica, "sh", "-c", "cat /etc/pip.conf 2>/dev/null; true")
