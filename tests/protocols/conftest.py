"""One deployment with sites of many settings, and one for each profile of TLS."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from portico.config.tls.local_ca import issue_certificate
from tests.attacks.edge import Edge, get_edge
from tests.docker.engine import Deployment, free_port
from tests.docker.figures import LEFT_OUT


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what asks a scanner, and say so, where there is none: scripts/setup/sslscan.sh."""
    out = [item for item in items if item.get_closest_marker("scanner")]
    if out and not shutil.which("sslscan"):
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        LEFT_OUT.append(f"{len(out)} tests of TLS by a scanner are left out: there is no sslscan")


SOURCE = Path(__file__).parent / "talk"
SCRIPT = "// " + "a line of script that repeats itself\n" * 60
# Files of the site `talk`, below its static folder.
STATIC = {
    "app.3f2a9c1b.js": SCRIPT,
    "plain.js": SCRIPT,
    "small.txt": "small\n",
    "report.pdf": "%PDF\n",
}
PASSWORD = "correct horse"
# A published test vector of bcrypt, with the letter that `htpasswd -B` writes: the password is U*U.
BCRYPT = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"


def make_site(name: str, *hosts: str, **settings: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": f"sites/{name}",
        "entry": "web:app",
        "hosts": list(hosts or [f"{name}.localhost"]),
        "health": "/whoami",
        "replicas": 1,
        "gunicorn": {"workers": 1, "threads": 16, "accessLog": True},
        **settings,
    }


def hash_password() -> str:
    done = subprocess.run(["openssl", "passwd", "-6", PASSWORD], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def list_sites() -> list[dict[str, Any]]:
    limited = {"path": "/limited", "rate": {"rate": "30r/m", "burst": 2}}
    return [
        make_site(
            "talk",
            aliases=["www.talk.localhost", "old.example"],
            routes=[
                {"path": "/ws/", "websocket": True},
                {"path": "/events", "stream": True},
                {"path": "/cached/", "cache": "60s"},
            ],
        ),
        make_site("wild", "*.zone.localhost", replicas=2, balance="least_conn"),
        make_site("blog", "blog.zone.localhost", replicas=2, weights=[3, 1], routes=[limited]),
        # The host of the site before it, which is at /.
        make_site("shelf", "blog.zone.localhost", path="/shelf"),
        make_site("dry", limits={"rate": {"rate": "30r/m", "burst": 1, "dryRun": True}}, routes=[limited]),
        make_site("guarded", replicas=2, balance="ip_hash", users={"anna": hash_password(), "bert": BCRYPT}),
        make_site("closed", maintenance=True),
    ]


@contextmanager
def deploy(folder: Path, sites: list[dict[str, Any]], **settings: Any) -> Iterator[Edge]:
    with Deployment(folder, *sites, **settings) as deployment:
        for site in sites:
            shutil.copytree(
                SOURCE,
                deployment.source(site["name"]),
                ignore=shutil.ignore_patterns("__pycache__"),
                dirs_exist_ok=True,
            )
            for name, text in STATIC.items():
                deployment.write(site["name"], f"static/{name}", text)
        deployment.up()
        yield get_edge(deployment)


@pytest.fixture(scope="package")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """Plain HTTP, JSON logs."""
    with deploy(tmp_path_factory.mktemp("protocols"), list_sites(), nginx={"logFormat": "json"}) as found:
        yield found


SECURE = {"aliases": ["www.secure.localhost"], "routes": [{"path": "/ws/", "websocket": True}]}


@pytest.fixture(scope="package")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The intermediate profile, certificates of the local authority, HTTP/3."""
    tls = {"port": free_port(), "localAuthority": True, "http3": True}
    with deploy(tmp_path_factory.mktemp("local"), [make_site("secure", **SECURE)], tls=tls) as found:
        yield found


@pytest.fixture(scope="package")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    """The modern profile with a certificate of the site's own."""
    folder = tmp_path_factory.mktemp("own")
    chain, key = issue_certificate(folder / "issued", "secure", ["secure.localhost", "www.secure.localhost"])
    (folder / "secure.crt").write_text(chain)
    (folder / "secure.key").write_text(key)
    site = make_site("secure", **SECURE, certificate={"certificate": "secure.crt", "key": "secure.key"})
    tls = {"port": free_port(), "profile": "modern"}
    with deploy(folder, [site], tls=tls) as found:
        yield found
