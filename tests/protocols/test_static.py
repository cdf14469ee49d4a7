"""Static files: compressed beforehand, revalidated by their ETag, kept forever only where the name says what is in."""

import gzip

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import get
from tests.docker.engine import execute
from tests.protocols.conftest import SCRIPT

pytestmark = pytest.mark.docker
HOST = "talk.localhost"
GZIP = [("Accept-Encoding", "gzip")]
FOREVER = "public, max-age=31536000, immutable"


def test_texts_were_compressed_when_the_release_was_made(edge: Edge) -> None:
    release = edge.deployment.outputs()["releases"]["talk"]
    listed = execute(edge.container, "ls", f"/srv/static/talk/{release}/static").split()
    assert {name for name in listed if name.endswith(".gz")} == {"app.3f2a9c1b.js.gz", "plain.js.gz"}
    answer = get(edge.port, HOST, "/static/plain.js", fields=GZIP)
    assert answer.all("Content-Encoding") == ["gzip"]
    # The file as it lies there: what is compressed on the way has no length.
    assert int(answer.one("Content-Length") or 0) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
    assert gzip.decompress(answer.body).decode() == SCRIPT
    assert "Accept-Encoding" in answer.all("Vary")
    plain = get(edge.port, HOST, "/static/plain.js")
    assert plain.body.decode() == SCRIPT and plain.one("Content-Encoding") is None
    assert get(edge.port, HOST, "/static/small.txt", fields=GZIP).one("Content-Encoding") is None


def test_answers_of_the_application_are_compressed(edge: Edge) -> None:
    answer = get(edge.port, HOST, "/text", fields=GZIP)
    assert answer.one("Content-Encoding") == "gzip"
    assert gzip.decompress(answer.body) == get(edge.port, HOST, "/text").body


@pytest.mark.parametrize("fields", [[], GZIP], ids=["plain", "gzip"])
@pytest.mark.parametrize("name", ["plain.js", "app.3f2a9c1b.js"])
def test_an_unchanged_file_is_not_sent_again(edge: Edge, name: str, fields: list[tuple[str, str]]) -> None:
    first = get(edge.port, HOST, f"/static/{name}", fields=fields)
    tag, date = first.one("ETag"), first.one("Last-Modified")
    assert tag and date
    for condition in (("If-None-Match", tag), ("If-Modified-Since", date)):
        again = get(edge.port, HOST, f"/static/{name}", fields=[*fields, condition])
        assert (again.status, again.body, again.one("ETag")) == (304, b"", tag)
    assert get(edge.port, HOST, f"/static/{name}", fields=[("If-None-Match", '"other"')]).status == 200


def test_only_a_name_with_a_digest_is_kept_for_ever(edge: Edge) -> None:
    for name, wanted in (("app.3f2a9c1b.js", FOREVER), ("plain.js", "no-cache"), ("small.txt", "no-cache")):
        answer = get(edge.port, HOST, f"/static/{name}")
        assert (answer.status, answer.one("Cache-Control")) == (200, wanted)
    assert get(edge.port, HOST, "/static/missing.js").one("Cache-Control") is None


def test_a_missing_file_is_not_kept_for_ever(edge: Edge) -> None:
    """While a release is switched, a page of the new one may ask the old one: a year is long for that."""
    answer = get(edge.port, HOST, "/static/app.0a1b2c3d.js")
    assert answer.status == 404
    assert "immutable" not in (answer.one("Cache-Control") or "")


def test_types_and_their_charset_are_said(edge: Edge) -> None:
    assert get(edge.port, HOST, "/static/plain.js").one("Content-Type") in (
        "application/javascript; charset=utf-8",
        "text/javascript; charset=utf-8",
        "application/javascript",
    )
    assert get(edge.port, HOST, "/static/small.txt").one("Content-Type") == "text/plain; charset=utf-8"
    assert get(edge.port, HOST, "/static/report.pdf").one("Content-Type") == "application/pdf"
