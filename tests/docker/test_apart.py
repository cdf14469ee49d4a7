"""Where NGINX reaches Gunicorn by the network: no site gets to another one, and nobody but NGINX is believed."""

from collections.abc import Iterator

import pytest

from docker.models.containers import Container
from portico.config.release.assemble import PORT
from tests.docker.applications import small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute

pytestmark = [pytest.mark.docker, pytest.mark.extended]
MODULE = """
from flask import Flask, jsonify, request

app = Flask(__name__)


@app.get("/whoami")
def whoami():
    return jsonify(client=request.remote_addr, scheme=request.scheme)
"""
# Asks a Gunicorn without NGINX between, as a client of the address 203.0.113.7 that came by HTTPS.
ASK = """
import sys, urllib.request
claims = {"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https", "Host": sys.argv[2]}
try:
    found = urllib.request.Request(f"http://{sys.argv[1]}/whoami", headers=claims)
    print("answered", urllib.request.urlopen(found, timeout=5).read().decode())
except OSError as error:
    print("refused", error)
"""


@pytest.fixture(scope="module")
def apart(deploy: Deploy) -> Iterator[Deployment]:
    deployment: Deployment = deploy(small("one"), small("two"), upstream="container")
    for name in ("one", "two"):
        deployment.write(name, "requirements.txt", "flask==3.1.3\n")
        deployment.write(name, "web.py", MODULE)
    deployment.up()
    yield deployment


def find(deployment: Deployment, site: str) -> tuple[Container, str, str]:
    """Its replica, its network, and its address there."""
    (replica,) = deployment.containers("gunicorn", site)
    ((network, link),) = replica.attrs["NetworkSettings"]["Networks"].items()
    return replica, network, f"{link['IPAddress']}:{PORT}"


def ask(replica: Container, address: str, host: str) -> str:
    return execute(replica, "python3", "-c", ASK, address, host).strip()


def test_a_site_does_not_reach_another_without_nginx(apart: Deployment) -> None:
    (one, _, _), (_, network, address) = find(apart, "one"), find(apart, "two")
    for site in ("one", "two"):
        assert get(apart.port, f"{site}.localhost", "/whoami").status == 200
    assert ask(one, address, "two.localhost").startswith("refused"), "each has a network of its own"
    # Without that defence it is reached, so this test can see it.
    shared = apart.engine.networks.get(network)
    shared.connect(one)
    try:
        assert ask(one, address, "two.localhost").startswith("answered")
    finally:
        shared.disconnect(one)


def test_what_a_container_claims_of_its_client_is_not_believed(apart: Deployment) -> None:
    replica, _, address = find(apart, "one")
    said = ask(replica, address, "one.localhost")
    assert said.startswith("answered") and "203.0.113.7" not in said and "https" not in said
    through = get(apart.port, "one.localhost", "/whoami").json()
    assert through["scheme"] == "http" and through["client"] != address.partition(":")[0]
