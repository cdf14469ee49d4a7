"""Certificates that are ordered on a machine over SSH: from nothing to a page that a client trusts, and a renewal."""

from pathlib import Path
from typing import Any, Final

import pytest

from tests.cloud.python_image import make_python
from tests.cloud.vm import Vm
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment, free_port
from tests.docker.pebble import Pebble
from tests.docker.trusting import Trusting, await_trust

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900), pytest.mark.extended]

LIFE: Final = 120  # seconds that a certificate is good for


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
        settings |= {
            "pythonImage": make_python(python_folder, vm.engine),
            "tls": {"port": https, "acme": authority.acme},
        }
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
