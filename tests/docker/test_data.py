"""Data lasts: through releases, through `down` and `up`; its site alone has it, and NGINX serves it as mere files."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
ALBUM, OTHER = "album.localhost", "other.localhost"
# The umask and the mode of an application that wants to be careful: NGINX's user is neither its user nor of its group.
MODULE = """
import os
import sqlite3
from pathlib import Path

from flask import Flask, jsonify, request
from werkzeug.datastructures import FileStorage

os.umask(0o077)
app = Flask(__name__)
MEDIA, STORE = Path("/app/media"), Path("/var/lib/album")


def connect():
    connection = sqlite3.connect(STORE / "album.sqlite", timeout=20, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS visits (at TEXT)")
    return connection


@app.get("/whoami")
def whoami():
    return jsonify(site=os.environ["PORTICO_SITE"], release=os.environ["PORTICO_RELEASE"])


@app.post("/save/<path:name>")
def save(name):
    target = MEDIA / name
    target.parent.mkdir(parents=True, exist_ok=True)
    FileStorage(request.stream).save(target)
    return oct(target.stat().st_mode)


@app.post("/link/<name>")
def link(name):
    (MEDIA / name).symlink_to("/etc/passwd")
    return "made"


@app.post("/visit")
def visit():
    with connect() as connection:
        connection.execute("INSERT INTO visits VALUES (datetime())")
    return "noted"


@app.get("/visits")
def visits():
    return jsonify(connect().execute("SELECT count(*) FROM visits").fetchone()[0])


@app.get("/mine/<name>")
def mine(name):
    (STORE / "guarded").mkdir(exist_ok=True)
    (STORE / "guarded" / name).write_text("for you alone")
    return "", {"X-Accel-Redirect": f"/guarded/guarded/{name}", "Content-Type": "text/plain"}
"""


def post(deployment: Deployment, path: str, body: bytes = b"") -> str:
    answer = get(deployment.port, ALBUM, path, method="POST", body=body)
    assert answer.status == 200, (path, answer)
    return answer.body.decode()


@pytest.fixture(scope="module")
def album(deploy: Deploy) -> Iterator[Deployment]:
    data = [
        {"name": "media", "path": "/app/media", "url": "/media/"},
        {"name": "store", "path": "/var/lib/album", "url": "/guarded/", "guarded": True},
    ]
    deployment: Deployment = deploy(small("album", replicas=2, data=data), small("other"))
    write_small(deployment, "other")
    write_small(deployment, "album")
    deployment.write("album", "web.py", MODULE)
    deployment.write("album", "media/first.txt", "from the image")
    deployment.up(door="make")
    yield deployment


def test_what_the_image_has_there_is_taken_over(album: Deployment) -> None:
    assert get(album.port, ALBUM, "/media/first.txt").body == b"from the image"
    listed = execute(album.containers("gunicorn", "album")[0], "ls", "-A", "/app/media").split()
    assert "first.txt" in listed and ".portico-first" not in listed


def test_an_upload_of_a_careful_application_is_served(album: Deployment) -> None:
    """Its umask would let nobody but itself read; who may see what has a URL, the settings say."""
    post(album, "/save/a/b/photo.png", b"\x89PNG")
    answer = get(album.port, ALBUM, "/media/a/b/photo.png")
    assert (answer.status, answer.body, answer.headers["content-type"]) == (200, b"\x89PNG", "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff" and "content-disposition" not in answer.headers


def test_what_a_browser_would_run_is_saved_instead(album: Deployment) -> None:
    for name in ("page.html", "picture.svg", "feed.xml", "unknown.bin", "style.css"):
        post(album, f"/save/{name}", b"<script>alert(1)</script>")
        assert get(album.port, ALBUM, f"/media/{name}").headers["content-disposition"] == "attachment", name
    post(album, "/save/run.js", b"alert(1)")
    assert get(album.port, ALBUM, "/media/run.js").headers["content-type"] == "application/octet-stream"


def test_what_is_nobodys_to_see_is_not_served(album: Deployment) -> None:
    for name in (".hidden", "sub/.git/config", "notes.sqlite", "notes.db-wal", "sub/plain.txt"):
        post(album, f"/save/{name}", b"secret")
    post(album, "/link/leads-out")
    answers = {
        path: get(album.port, ALBUM, f"/media/{path}")
        for path in ("", "sub/", ".hidden", "sub/.git/config", "notes.sqlite", "notes.db-wal", "leads-out", "../web.py")
    }
    assert {path: one.status for path, one in answers.items() if one.status not in (400, 403, 404)} == {}
    assert not [path for path, one in answers.items() if b"secret" in one.body or b"root:" in one.body]
    assert get(album.port, ALBUM, "/media/sub/plain.txt").body == b"secret"


def test_a_guarded_file_goes_by_way_of_the_application(album: Deployment) -> None:
    answer = get(album.port, ALBUM, "/mine/letter")
    assert (answer.status, answer.body) == (200, b"for you alone")
    assert get(album.port, ALBUM, "/guarded/guarded/letter").status == 404


def test_another_site_has_none_of_it(album: Deployment) -> None:
    post(album, "/save/mine.txt", b"mine")
    other = album.containers("gunicorn", "other")[0]
    assert not [one for one in other.attrs["Mounts"] if "album" in str(one.get("Name"))]
    assert get(album.port, OTHER, "/media/mine.txt").status == 404
    # Even with the volume before it, its user is refused.
    (volume,) = [one["Name"] for one in _mounts(album) if one["Destination"] == "/app/media"]
    reported = album.engine.containers.run(
        str(other.attrs["Image"]),
        ["-c", "cat /data/mine.txt || ls /data || echo none"],
        entrypoint="sh",
        user=other.attrs["Config"]["User"],
        volumes=[f"{volume}:/data"],
        network_mode="none",
        remove=True,
    )
    assert reported == b"none\n"


def _mounts(album: Deployment) -> list[dict[str, str]]:
    mounts: list[dict[str, str]] = album.containers("gunicorn", "album")[0].attrs["Mounts"]
    return mounts


def test_two_replicas_write_one_sqlite_database(album: Deployment) -> None:
    before = int(get(album.port, ALBUM, "/visits").body)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: post(album, "/visit"), range(200)))
    assert int(get(album.port, ALBUM, "/visits").body) == before + 200


@pytest.mark.soak
def test_nothing_changes_where_nothing_did(album: Deployment) -> None:
    before = album.ids()
    assert "nothing changed" in album.make("up").output
    assert album.ids() == before


def test_uploads_survive_a_release_without_loss(album: Deployment) -> None:
    post(album, "/save/kept.txt", b"kept")
    post(album, "/visit")
    visits = get(album.port, ALBUM, "/visits").body
    old = album.outputs()["releases"]["album"]
    album.edit("album", "# another release")
    with light(album, ALBUM, OTHER) as load:
        album.up()
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    assert album.outputs()["releases"]["album"] != old
    assert get(album.port, ALBUM, "/media/kept.txt").body == b"kept"
    assert get(album.port, ALBUM, "/visits").body == visits


def test_its_size_is_reported_and_what_does_not_last_and_a_command_of_ones_own_has_it(album: Deployment) -> None:
    post(album, "/save/measured.txt", b"measured")
    replica = album.containers("gunicorn", "album")[0]
    execute(replica, "python3", "-c", "open('/tmp/lost.db', 'w').write('lost')")
    reported = album.portico("status", "--json").output
    found = json.loads(reported[reported.index("{") :])
    data, (home,) = found["data"], found["home"]
    assert (home["site"], home["files"], home["largest"]) == ("album", 1, ["lost.db"])
    execute(replica, "rm", "/tmp/lost.db")
    assert [(one["site"], one["name"]) for one in data] == [("album", "media"), ("album", "store")]
    assert all(one["used"] > 0 and one["free"] > 0 for one in data)
    assert "measured" in album.portico("exec", "--site", "album", "--", "cat", "/app/media/measured.txt").output


def test_down_keeps_it_and_up_takes_it_over(album: Deployment) -> None:
    post(album, "/save/lasting.txt", b"lasting")
    said = album.destroy(door="make").output
    assert f"Kept: album: data media, volume portico.{album.name}.album.media" in said
    assert sorted(album.leftovers()) == [f"volume portico.{album.name}.album.{name}" for name in ("media", "store")]
    assert "is there already" in album.up(door="make").output
    assert get(album.port, ALBUM, "/media/lasting.txt").body == b"lasting"


@pytest.mark.soak
def test_data_that_the_settings_do_not_name_any_more_is_kept(album: Deployment) -> None:
    post(album, "/save/unnamed.txt", b"unnamed")
    sites = album.settings["sites"]
    album.configure_site("album", data=[one for one in sites[0]["data"] if one["name"] == "store"])
    try:
        assert "keeps its data media, which no setting names any more" in album.up(door="make").output
        assert f"volume portico.{album.name}.album.media" in album.leftovers()
        assert get(album.port, ALBUM, "/media/unnamed.txt").status == 404
    finally:
        album.configure(sites=sites)
    album.up()
    assert get(album.port, ALBUM, "/media/unnamed.txt").body == b"unnamed"


@pytest.mark.soak
def test_another_checkout_may_not_use_it(album: Deployment) -> None:
    """Docker would give it the same volume: the record of this stack does not know who has it."""
    (volume,) = [one["Name"] for one in _mounts(album) if one["Destination"] == "/app/media"]
    replica = album.containers("gunicorn", "album")[0]
    stranger = album.engine.containers.run(
        str(replica.attrs["Image"]),
        ["600"],
        entrypoint="sleep",
        volumes=[f"{volume}:/data"],
        detach=True,
        network_mode="none",
        labels={"portico.project": "portico", "portico.stack": album.name, "portico.role": "stranger"},
    )
    try:
        said = album.up(fails=True).output
    finally:
        stranger.remove(force=True)
    assert f"sites[0].data[0]: the volume {volume} is in use by {stranger.name}" in said


def test_down_deletes_the_data_of_the_site_that_is_named(album: Deployment) -> None:
    assert "whose data is to be deleted" in _down(album, "--data", fails=True)
    assert 'no data of a site "nobody"' in _down(album, "--data", "nobody", fails=True)
    assert album.containers(), "what was refused has removed something"
    said = _down(album, "--data", "album")
    assert "Deleted: album: data media" in said and album.leftovers() == []


def _down(album: Deployment, *words: str, fails: bool = False) -> str:
    return album.portico("down", "--yes", *words, fails=fails).output
