"""Certificates that are ordered on a machine over SSH: from nothing to a page that a client trusts, and a renewal."""

import platform
import sys
from pathlib import Path
from typing import Any, Final

import docker
import pytest

from portico.config.settings import Settings
from tests.cloud.vm import Vm
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.command import ROOT, run, user_environment
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment, free_port
from tests.docker.pebble import Pebble
from tests.docker.trusting import Trusting, await_trust

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900), pytest.mark.extended]

LIFE: Final = 120  # seconds that a certificate is good for
LOCK: Final = ROOT / "components" / "in_container" / "certbot.lock"
PYTHON: Final = "portico-test/python-with-certbot:1"
RECIPE: Final = f"""
FROM {Settings.model_fields["python_image"].default}
ENV PIP_NO_INDEX=1 PIP_FIND_LINKS=/wheels
COPY wheels /wheels
"""


def make_python(vm: Vm, folder: Path) -> str:
    """An image there that has the client's packages: the machine reaches no package index."""
    kind = ["--require-hashes", "--only-binary=:all:", "--python-version", "3.13"]
    for built in ("manylinux2014", "manylinux_2_28", "manylinux_2_34"):
        kind += ["--platform", f"{built}_{platform.machine()}"]
    done = run(
        [sys.executable, "-m", "pip", "download", "--quiet", *kind, "--dest", str(folder / "wheels"), "-r", str(LOCK)],
        folder=ROOT,
        log=folder / "wheels.log",
        timeout=120,
        env=user_environment(),
    )
    assert done.code == 0, done.tail()
    (folder / "Dockerfile").write_text(RECIPE)
    engine = docker.DockerClient(base_url=vm.engine)
    engine.images.build(path=str(folder), tag=PYTHON, rm=True)
    engine.close()
    return PYTHON


def test_from_nothing_to_a_page_that_a_client_trusts(
    vm: Vm, key: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    http, https = free_port(), free_port()
    (authority_folder := tmp_path / "authority").mkdir()
    (python_folder := tmp_path / "python").mkdir()
    with Pebble(authority_folder, http, LIFE, address=vm.outside, leads=vm.address) as authority:
        site = small("shop", hosts=["shop.example"])
        settings: dict[str, Any] = {
            "ssh": {"host": vm.address, "user": "deploy", "key": str(key)},
            "address": "0.0.0.0",
            "port": http,
        }
        settings |= {"pythonImage": make_python(vm, python_folder), "tls": {"port": https, "acme": authority.acme}}
        with Deployment(make_folder(tmp_path_factory), site, vm=vm, target="ssh", **settings) as deployment:
            deployment.port = http
            write_small(deployment, "shop")
            write_offline(deployment, "shop")
            up = deployment.up()
            took = await_trust(https, "shop.example", authority.root, address=vm.address)
            print(f"\na page {up.seconds:.0f} s after `up` began, trusted {took:.1f} s after it ended")
            lead = get(http, "shop.example", "/whoami", address=vm.address)
            assert (lead.status, lead.headers["location"]) == (308, f"https://shop.example:{https}/whoami")
            # The next ones come by themselves.
            with Trusting(https, "shop.example", authority.root, address=vm.address) as asked:
                asked.await_serials(2, most=LIFE)
            assert asked.failed == []
            assert "certificate of Pebble" in deployment.make("status").output
