"""Ordered certificates on a VM on AWS: another VM that takes its place has them before the address leads to it.

AWS is the double of the plugin (tests/cloud/plugin); the VMs, their engines, the authority and each handshake are real.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.components.docker.container_command import run_in
from portico.components.docker.dns_lookup import list_sources
from tests.cloud.deployment import AwsDeployment
from tests.cloud.python_image import make_python
from tests.docker.applications import small, write_offline, write_small
from tests.docker.engine import execute
from tests.docker.pebble import Pebble
from tests.docker.trusting import Trusting, await_trust

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended, pytest.mark.timeout(2000)]

OTHER = "ami-0fedcba9876543210"
HOST = "shop.example"
LIVE = "/srv/certificates/live/shop"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    # A VM has a network of Docker's own whose gateway is not this machine: it finds this one by another address.
    (address, *_) = (one for one in list_sources() if ":" not in one)
    with Pebble(tmp_path_factory.mktemp("pebble"), 80, address=address) as found:
        yield found


@pytest.fixture(scope="module")
def prod(authority: Pebble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDeployment]:
    folder = tmp_path_factory.mktemp("prod")
    tls = {"port": 443, "acme": authority.acme}
    python = make_python(tmp_path_factory.mktemp("python"))
    deployment = AwsDeployment(folder, small("shop", hosts=[HOST]), tls=tls, pythonImage=python)
    (deployment.cloud.folder / "images").write_text(python)
    write_small(deployment, "shop")
    write_offline(deployment, "shop")
    with deployment:
        yield deployment


def test_another_vm_has_the_certificates_before_the_address_leads_to_it(
    prod: AwsDeployment, authority: Pebble, tmp_path: Path
) -> None:
    prod.up()
    authority.lead(prod.address)
    # The first try was before that.
    await_trust(443, HOST, authority.root, most=240, address=prod.address)
    before, issued = prod.instance.id, authority.said().count("Issued certificate")
    prod.change_aws(ami=OTHER)
    assert "The certificates come from the machine that serves" in prod.preview().output
    # Whatever would have to be ordered cannot be had.
    authority.stop()
    with Trusting(443, HOST, authority.root, address=prod.address) as asked:
        changed = prod.up()
        sent = asked.sent
        while asked.sent < sent + 20:
            assert asked.failed == [], asked.failed[:3]
    print(f"\n{asked.sent} handshakes while another VM took over within {changed.seconds:.0f} s")
    assert asked.failed == [] and len(asked.serials) == 1
    assert prod.instance.id != before and authority.said().count("Issued certificate") == issued
    # Owners and modes came along: NGINX reads, the client writes, and goes on with what it knows.
    nginx, client = prod.containers("nginx")[0], prod.containers("acme")[0]
    assert execute(nginx, "stat", "-Lc", "%a %u:%g", f"{LIVE}/key.pem").strip() == "640 102:101"
    assert run_in(nginx, ["ls", "/srv/certificates/client"]).code != 0
    report = json.loads(execute(client, "cat", "/srv/certificates/report.json"))["shop"]
    assert report["error"] == "" and len(report["orders"]) == 1
    # No key was anywhere else.
    key = execute(nginx, "cat", f"{LIVE}/key.pem").splitlines()[1]
    for file in (prod._state, *(prod.folder / "logs").iterdir()):
        assert key not in file.read_text(errors="replace")
    assert prod.up().changes == 0
