"""Forms of projects on the real engine, side by side: what is installed is what each says, and each serves."""

from collections.abc import Iterator

import pytest

from tests.config.projects import BUILD
from tests.docker.applications import small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute

pytestmark = [pytest.mark.docker, pytest.mark.extended]

MODULE = """
import getpass
import os
from importlib.metadata import version

import common
from flask import Flask, jsonify

VERSION = version("{name}")
app = Flask(__name__)


@app.get("/whoami")
def whoami():
    return jsonify(version=VERSION, common=common.__name__, region=os.environ.get("REGION"), user=getpass.getuser())
"""
PROJECT = """
[project]
name = "{name}"
dynamic = ["version"]
dependencies = ["flask==3.1.3", "common"]

[tool.setuptools.dynamic]
version = {{attr = "{name}.about.VERSION"}}

[tool.uv.sources]
common = {{path = "../common", editable = true}}
"""
COMMON = '[project]\nname = "common"\nversion = "1"\n'
SCRIPT = '#!/bin/sh\nset -e\nexport REGION="$(cat /srv/region)"\nexec "$@"\n'
DOCKERFILE = """
FROM python:3.13-slim
WORKDIR /srv
RUN --mount=type=secret,id=pip,target=/etc/pip.conf --mount=type=secret,id=ca,target=/run/secrets/ca.pem \\
    python3 -m venv /opt/own && /opt/own/bin/pip install --no-cache-dir flask==3.1.3 gunicorn==27.0.1
ENV PATH=/opt/own/bin:$PATH
COPY . .
RUN chmod 755 start.sh
ENTRYPOINT ["/srv/start.sh"]
CMD ["gunicorn", "web:app"]
"""
OWN = """
import os

from flask import Flask, jsonify

app = Flask(__name__)
REGION = os.environ["REGION"]


@app.get("/whoami")
def whoami():
    return jsonify(region=REGION, hook=os.environ.get("HOOK"))
"""
HOOKS = "import os\n\n\ndef post_fork(server, worker):\n    os.environ['HOOK'] = 'ran'\n"
LISTED = """
from importlib.metadata import version

from flask import Flask, jsonify


def create_app(region):
    app = Flask(__name__)

    @app.get("/whoami")
    def whoami():
        return jsonify(region=region, flask=version("flask"))

    return app
"""
POETRY = """
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = "^3.11"
flask = "^3.1"
"""


@pytest.fixture(scope="module")
def projects(deploy: Deploy) -> Iterator[Deployment]:
    deployment: Deployment = deploy(
        small("packed", "packed:app", context=".."), small("own"), small("listed", "listed:create_app('north')")
    )
    # A package in src, with a dynamic version and a library beside it.
    write = deployment.write
    write("packed", "pyproject.toml", PROJECT.format(name="packed") + BUILD)
    write("packed", "src/packed/__init__.py", MODULE.format(name="packed"))
    write("packed", "src/packed/about.py", 'VERSION = "2.5"\n')
    write("common", "pyproject.toml", COMMON + BUILD)
    write("common", "common/__init__.py", "")
    write("own", "Dockerfile", DOCKERFILE)
    write("own", "start.sh", SCRIPT)
    write("own", "region", "north\n")
    write("own", "web.py", OWN)
    write("own", "gunicorn.conf.py", HOOKS)
    write("listed", "pyproject.toml", POETRY)
    write("listed", "listed.py", LISTED)
    deployment.up()
    yield deployment


def test_a_package_of_a_monorepo_is_installed_itself(projects: Deployment) -> None:
    answer = get(projects.port, "packed.localhost", "/whoami").json()
    assert answer == {"version": "2.5", "common": "common", "region": None, "user": "packed"}


def test_an_entrypoint_and_hooks_of_ones_own_run(projects: Deployment) -> None:
    assert get(projects.port, "own.localhost", "/whoami").json() == {"region": "north", "hook": "ran"}


def test_poetrys_tables_are_installed_and_a_factory_is_given_its_argument(projects: Deployment) -> None:
    answer = get(projects.port, "listed.localhost", "/whoami").json()
    assert answer["region"] == "north" and str(answer["flask"]).startswith("3.")


@pytest.mark.parametrize("site", ["packed", "listed"])
def test_flask_commands_find_the_application(projects: Deployment, site: str) -> None:
    assert "/whoami" in execute(projects.container("gunicorn", site), "flask", "routes")
