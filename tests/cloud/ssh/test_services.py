"""A database and a cache on a machine over SSH: the site reaches them, and a dump goes there and back."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from portico.config.settings.service import IMAGES, POSTGRES, VALKEY
from tests.cloud.vm import Vm
from tests.docker.applications import small, write_offline, write_small
from tests.docker.conftest import make_folder
from tests.docker.engine import Deployment, execute

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900), pytest.mark.extended]

RUN: Final = "/var/lib/postgresql/run"
# No driver is needed to see that both let the site in: the machine reaches no package index.
REACH: Final = """
import os, socket, urllib.parse
database = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
with socket.create_connection((database.hostname, database.port), 5) as link:
    link.sendall(b"\\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f")
    print("postgres", link.recv(1).decode())
cache = urllib.parse.urlsplit(os.environ["REDIS_URL"])
with socket.create_connection((cache.hostname, cache.port), 5) as link:
    link.sendall(f"AUTH {cache.username} {cache.password}\\r\\n".encode())
    print("valkey", link.recv(100).decode().strip())
"""


@pytest.fixture(scope="module")
def shop(vm: Vm, key: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    vm.copy_images(*(next(iter(IMAGES[kind].values())) for kind in (POSTGRES, VALKEY)))
    ssh = {"host": vm.address, "user": "deploy", "key": str(key)}
    services = [{"name": "db", "kind": POSTGRES}, {"name": "cache", "kind": VALKEY}]
    settings: dict[str, Any] = {"target": "ssh", "ssh": ssh, "address": "0.0.0.0", "services": services}
    site = small("shop", uses=["db", "cache"])
    with Deployment(make_folder(tmp_path_factory), site, vm=vm, destroys=True, **settings) as deployment:
        write_small(deployment, "shop")
        write_offline(deployment, "shop")
        deployment.up()
        yield deployment


def ask(shop: Deployment, query: str) -> str:
    """What the database of the site answers its administrator."""
    (server,) = [one for one in shop.containers("service") if one.labels["portico.service"] == "db"]
    return execute(server, "psql", "-XAtq", "-h", RUN, "-U", "postgres", "-d", "shop", "-c", query).strip()


def test_the_site_reaches_both(shop: Deployment) -> None:
    said = shop.portico("exec", "--site", "shop", "--", "python3", "-c", REACH).output
    assert said.splitlines()[-2:] == ["postgres N", "valkey +OK"], said
    assert shop.up().changes == 0


def test_a_dump_goes_there_and_back(shop: Deployment, tmp_path: Path) -> None:
    ask(shop, "SET ROLE shop; CREATE TABLE orders AS SELECT generate_series(1, 1000) AS number")
    file = tmp_path / "shop.dump"
    shop.portico("db", "dump", "--site", "shop", "--file", str(file))
    ask(shop, "DELETE FROM orders WHERE number > 10")
    shop.portico("db", "load", "--site", "shop", "--file", str(file), "--yes")
    assert ask(shop, "SELECT count(*) FROM orders") == "1000"
    said = shop.portico("status").output
    assert "db: postgres, healthy, " in said, said


def test_down_keeps_the_data_there_and_up_uses_it_again(shop: Deployment) -> None:
    ask(shop, "SET ROLE shop; CREATE TABLE IF NOT EXISTS kept AS SELECT 7 AS number")
    assert "Kept: db: " in shop.destroy(door="make").output
    shop.up()
    assert ask(shop, "SELECT number FROM kept") == "7"
    said = shop.portico("exec", "--site", "shop", "--", "python3", "-c", REACH).output
    assert said.splitlines()[-2:] == ["postgres N", "valkey +OK"], said
    for name in ("db", "cache"):
        shop.portico("down", "--yes", "--data", name)
    assert shop.leftovers() == []
