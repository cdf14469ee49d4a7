"""What a release does not change stays as it is: modes, whatever the umask, and what browsers know a file by."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate

import pytest

from tests.docker.applications import MODULE, small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute

pytestmark = [pytest.mark.docker, pytest.mark.extended]
GZIP = {"Accept-Encoding": "gzip"}
STYLE = "body { margin: 0 }\n" * 100
KNOWN = ("etag", "last-modified")


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Iterator[Deployment]:
    """Written and deployed by somebody whose files nobody else may read."""
    with umask(0o077):
        deployment: Deployment = deploy(small("shop"))
        deployment.write("shop", "requirements.txt", "flask==3.1.3\n")
        deployment.write("shop", "books/__init__.py", "TITLE = 'A book'\n")
        deployment.write("shop", "web.py", f"from books import TITLE\n{MODULE}")
        deployment.write("shop", "static/css/a.css", STYLE)
        deployment.write("shop", "static/b.txt", "short\n")
        (deployment.source("shop") / "plugins").mkdir()
        deployment.up()
    yield deployment


def list_modes(deployment: Deployment) -> str:
    """All that lies in the application's folder in its image, with mode and owner."""
    listed = "find /app /etc/gunicorn -not -name '*.pyc' -printf '%M %u %p\\n' | sort"
    return execute(deployment.container("gunicorn"), "sh", "-c", listed)


def find_recorded_vm(deployment: Deployment, path: str, **fields: str) -> tuple[str | None, ...]:
    """What a browser asks again with."""
    answer = get(deployment.port, "shop.localhost", f"/static/{path}", headers=fields or None)
    assert answer.status == 200
    return tuple(answer.headers.get(name) for name in KNOWN)


def test_the_umask_of_whoever_deploys_does_not_matter(shop: Deployment) -> None:
    """Under 077 it serves; under 022 there is nothing to do; and what is made then is made the same way."""
    release = shop.outputs()["releases"]["shop"]
    assert get(shop.port, "shop.localhost", "/whoami").json() == {"site": "shop", "release": release}
    modes = list_modes(shop)
    assert "drwxr-xr-x root /app/plugins\n" in modes and "drwxr-xr-x root /app/books\n" in modes
    with umask(0o022):
        assert shop.preview("--expect-no-changes").changes == 0
        shop.edit("shop", "# another release")
        shop.up()
    assert list_modes(shop) == modes
    with umask(0o077):
        module = shop.source("shop") / "books" / "__init__.py"
        module.write_text("TITLE = 'Another'\n")
        shop.up()
    assert list_modes(shop) == modes
    assert get(shop.port, "shop.localhost", "/whoami").status == 200


def test_a_static_file_is_known_by_its_content_over_releases(shop: Deployment) -> None:
    before = {path: find_recorded_vm(shop, path) for path in ("css/a.css", "b.txt")}
    packed = find_recorded_vm(shop, "css/a.css", **GZIP)
    # The same on every machine: it follows from the content alone.
    number = int.from_bytes(hashlib.sha256(STYLE.encode()).digest()[:8], "big")
    moment = 1_577_836_800 + number % (1 << 27)
    assert before["css/a.css"] == (f'"{moment:x}-{len(STYLE):x}"', formatdate(moment, usegmt=True))
    assert packed[1] == before["css/a.css"][1] and packed[0] != before["css/a.css"][0]

    release = shop.outputs()["releases"]["shop"]
    shop.edit("shop", "# one more release")
    (shop.source("shop") / "static" / "css" / "a.css").touch()
    shop.up()
    assert shop.outputs()["releases"]["shop"] != release
    assert {path: find_recorded_vm(shop, path) for path in before} == before
    assert find_recorded_vm(shop, "css/a.css", **GZIP) == packed
    tag, date = before["css/a.css"]
    for name, value in (("If-None-Match", tag), ("If-Modified-Since", date)):
        again = get(shop.port, "shop.localhost", "/static/css/a.css", headers={name: str(value)})
        assert (again.status, again.body) == (304, b"")

    # As long as the one before, so that only its time can tell.
    shop.write("shop", "static/css/a.css", STYLE.replace("0", "1"))
    shop.up()
    after = find_recorded_vm(shop, "css/a.css")
    assert all(one != other for one, other in zip(after, before["css/a.css"], strict=True))
    assert find_recorded_vm(shop, "b.txt") == before["b.txt"]
    for name, value in (("If-None-Match", tag), ("If-Modified-Since", date)):
        again = get(shop.port, "shop.localhost", "/static/css/a.css", headers={name: str(value)})
        assert again.status == 200
