"""What a person sees in a browser: the example, an upload, and the pages of NGINX's own, by HTTPS and HTTP/3."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chromium import Chromium
from tests.docker.applications import small, write_small
from tests.docker.command import ROOT
from tests.docker.engine import HELLO, Deployment, free_port

pytestmark = [pytest.mark.docker, pytest.mark.extended]
# Looked at by people; the newest run's stay.
PICTURES: Final = ROOT / ".tools" / "pictures"
UPLOAD: Final = """

FORM = '<!doctype html><title>Photos</title><form method=post enctype=multipart/form-data>' \\
    '<input type=file name=photo><button>Send</button></form>'


@app.route("/", methods=["GET", "POST"])
def photos():
    from flask import request
    if request.method == "GET":
        return FORM
    content = request.files["photo"].read()
    return f"<!doctype html><title>Sent</title><p id=digest>{hashlib.sha256(content).hexdigest()}</p>"
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    sites = [HELLO, small("photos", body="4M"), small("closed", maintenance=True)]
    tls = {"port": free_port(), "localAuthority": True, "http3": True}
    with Deployment(tmp_path_factory.mktemp("browser"), *sites, tls=tls, replicas=1) as deployment:
        for name in ("photos", "closed"):
            write_small(deployment, name)
        module = deployment.source("photos") / "web.py"
        module.write_text(module.read_text() + UPLOAD)
        deployment.up()
        yield deployment


@pytest.fixture(scope="module")
def chromium(pages: Deployment) -> Iterator[Chromium]:
    with Chromium(pages.folder / ".portico" / "authority" / "authority.crt") as browser:
        yield browser


def locate(pages: Deployment, host: str, path: str = "/") -> str:
    return f"https://{host}:{pages.settings['tls']['port']}{path}"


def test_the_example_is_shown_whole(pages: Deployment, chromium: Chromium) -> None:
    page = chromium.open(locate(pages, "hello.localhost"))
    assert chromium.evaluate("document.title") == "Hello from hello" and not page.complaints
    assert len(page.answers) >= 4 and {status for status, _ in page.answers.values()} == {200}
    assert chromium.evaluate("isSecureContext") is True
    # Its script may run: the policy of Portico's headers allows what the page itself brings.
    chromium.evaluate("document.querySelector('button').click()")
    chromium.wait_for("document.querySelector('output').textContent")
    chromium.picture(PICTURES / "hello.png")
    # The width of a telephone, then that of the window again.
    for width in (360, 0):
        chromium.ask("Emulation.setDeviceMetricsOverride", width=width, height=0, deviceScaleFactor=0, mobile=width > 0)
        wide, window = chromium.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert wide <= window, f"it is {wide} wide, in a window of {window}"
        if width:
            chromium.picture(PICTURES / "hello-narrow.png")


def test_plain_http_leads_to_https(pages: Deployment, chromium: Chromium) -> None:
    chromium.open(f"http://hello.localhost:{pages.port}/?from=http")
    assert chromium.evaluate("location.href") == locate(pages, "hello.localhost", "/?from=http")


def test_a_file_is_uploaded(pages: Deployment, chromium: Chromium, tmp_path: Path) -> None:
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(bytes(range(256)) * 12_000)
    for _ in range(5):
        chromium.open(locate(pages, "photos.localhost"))
        chromium.choose_file("input", photo)
        chromium.evaluate("document.querySelector('button').click()")
        chromium.wait_for("document.title !== 'Photos' && document.readyState === 'complete'")
        # Another network may have come while it was sent: see Chromium.open.
        if chromium.evaluate("document.title") == "Sent":
            break
    digest = hashlib.sha256(photo.read_bytes()).hexdigest()
    assert chromium.evaluate("document.querySelector('#digest').textContent") == digest
    chromium.picture(PICTURES / "upload.png")


def test_the_page_of_maintenance_is_shown(pages: Deployment, chromium: Chromium) -> None:
    url = locate(pages, "closed.localhost", "/any/where")
    page = chromium.open(url)
    assert page.answers[url][0] == 503
    assert chromium.evaluate("document.querySelector('h1').textContent") == "Back in a moment"
    _is_readable(chromium)
    chromium.picture(PICTURES / "maintenance.png")


def test_http3_is_spoken(pages: Deployment) -> None:
    host = f"hello.localhost:{pages.settings['tls']['port']}"
    with Chromium(pages.folder / ".portico" / "authority" / "authority.crt", quic=host) as browser:
        page = browser.open(locate(pages, "hello.localhost"))
        assert {protocol for _, protocol in page.answers.values()} == {"h3"} and not page.complaints


def test_where_no_replica_answers_a_page_says_so(pages: Deployment, chromium: Chromium) -> None:
    replica = pages.container("gunicorn", "photos")
    replica.stop(timeout=1)
    try:
        url = locate(pages, "photos.localhost")
        page = chromium.open(url)
        assert page.answers[url][0] in (502, 503)
        assert chromium.evaluate("document.querySelector('h1').textContent") == "Back in a moment"
        _is_readable(chromium)
        chromium.picture(PICTURES / "no-replica.png")
    finally:
        replica.start()


def _is_readable(chromium: Chromium) -> None:
    """In the middle of the window, and of a size that can be read: its style was not refused."""
    left, right, size = chromium.evaluate(
        "(() => {const one = document.querySelector('main').getBoundingClientRect();"
        "return [one.left, innerWidth - one.right, parseFloat(getComputedStyle(document.body).fontSize)]})()"
    )
    assert abs(left - right) < 20 and size >= 16
