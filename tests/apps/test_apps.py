"""Real applications answer through NGINX as they answer alone, and go on doing so over a release.

`make test-apps` tries all of them, `make test-all` those marked `short`.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import urlencode

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.apps.app import App
from tests.apps.catalogue import APPS
from tests.apps.comparison import compare
from tests.docker.applications import small
from tests.docker.ask import get
from tests.docker.engine import Deployment
from tests.docker.load import Client, Load
from tests.docker.twin import Twin

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
POETRY = "poetry==2.4.1"
_SECONDS = 600.0  # for an image of a large application

APPLICATIONS = [
    pytest.param(app, id=app.name, marks=pytest.mark.extended if app.short else pytest.mark.soak) for app in APPS
]


@pytest.fixture(scope="module", params=APPLICATIONS)
def app(request: pytest.FixtureRequest) -> App:
    found: App = request.param
    return found


@pytest.fixture(scope="module")
def up(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    settings: dict[str, Any] = {"health": "/", "gunicorn": {"workers": 2}, **app.settings}
    with Deployment(tmp_path_factory.mktemp(app.name), small(app.name, app.entry, **settings)) as deployment:
        for path, text in app.files.items():
            deployment.write(app.name, path, text)
        if app.locks:
            lock(app.locks, deployment.source(app.name))
        deployment.allow(_SECONDS)
        result = deployment.up(door="make")
        print(f"\n{app}: up after {result.seconds:.1f} s\n{result.output}")
        yield deployment


def lock(tool: str, folder: Path) -> None:
    """Let uv or Poetry itself write its lock, from the index that pip is asked to use."""
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    index = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    words = ["lock", "--directory", str(folder), *(["--default-index", index] if index else [])]
    if tool == "poetry":
        if index:
            # Without a source it asks PyPI's own API, which a mirror may not have.
            source = {"name": "index", "url": index, "priority": "primary"}
            with (folder / "pyproject.toml").open("a") as file:
                file.write("\n[[tool.poetry.source]]\n")
                file.writelines(f'{key} = "{value}"\n' for key, value in source.items())
        words = ["tool", "run", *words[3:], "--from", POETRY, "poetry", "lock", "-n", "--directory", str(folder)]
    variables = os.environ | {"POETRY_VIRTUALENVS_CREATE": "false"}
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, *words], check=True, capture_output=True, env=variables)
    assert (folder / f"{tool}.lock").is_file()


@pytest.fixture(scope="module")
def twin(app: App, up: Deployment) -> Iterator[Twin]:
    with Twin(up, app.name, app.entry) as twin:
        yield twin


def differ(app: App, up: Deployment, twin: Twin, method: str, path: str, **more: Any) -> list[str]:
    host = f"{app.name}.localhost"
    headers = {"Accept": "*/*", **more.pop("headers", {})}
    mine = get(up.port, host, path, method=method, headers=headers, address=up.address, **more)
    reported = {"X-Forwarded-For": twin.client, "X-Forwarded-Proto": "http"}
    theirs, again = (
        get(up.port, host, path, method=method, headers=headers | reported, address=twin.address, **more) for _ in "12"
    )
    file = path.startswith("/static/") and mine.status == 200
    return [f"{method} {path}: {one}" for one in compare(mine, theirs, again=again, head=method == "HEAD", file=file)]


def test_it_answers_as_it_does_alone(app: App, up: Deployment, twin: Twin) -> None:
    found = [one for path in app.paths for method in ("GET", "HEAD") for one in differ(app, up, twin, method, path)]
    assert not found, "\n".join(found)


def test_forms_are_answered_as_they_are_alone(app: App, up: Deployment, twin: Twin) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    found = [
        one
        for path, fields in app.posts.items()
        for one in differ(app, up, twin, "POST", path, headers=form, body=urlencode(fields).encode())
    ]
    assert not found, "\n".join(found)


def test_an_upload_arrives_as_it_does_alone(app: App, up: Deployment, twin: Twin) -> None:
    if app.uploads:
        name = 'Content-Disposition: form-data; name="file"; filename="ä b.txt"'
        text = "line of an upload\n" * 20_000
        body = f"--part\r\n{name}\r\nContent-Type: text/plain\r\n\r\n{text}\r\n--part--\r\n".encode()
        form = {"Content-Type": "multipart/form-data; boundary=part"}
        assert differ(app, up, twin, "POST", app.uploads, headers=form, body=body) == []


def test_a_websocket_opens(app: App, up: Deployment) -> None:
    if app.websocket:
        asked = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
        key = {"Sec-WebSocket-Key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
        lines = {"Host": f"{app.name}.localhost:{up.port}"} | asked | key
        head = [f"GET {app.websocket} HTTP/1.1", *(f"{name}: {value}" for name, value in lines.items()), "", ""]
        with socket.create_connection((up.address, up.port), timeout=20) as peer:
            peer.sendall("\r\n".join(head).encode())
            first = peer.recv(65536)
        assert first.startswith(b"HTTP/1.1 101 "), first


class Listener:
    """A client of Engine.IO that stays connected; in the end `code` is how the server has closed its WebSocket."""

    def __init__(self, app: App, up: Deployment) -> None:
        self._url = f"ws://{app.name}.localhost:{up.port}{app.websocket}"
        self._where, self.code = (up.address, up.port), 0

    def __enter__(self) -> Self:
        self._peer = connect(self._url, sock=socket.create_connection(self._where, timeout=20), proxy=None)
        self._thread = Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(30)

    def _listen(self) -> None:
        with self._peer as peer:
            try:
                while True:
                    if peer.recv() == "2":  # a ping of Engine.IO's own
                        peer.send("3")
            except ConnectionClosed as closed:
                self.code = closed.rcvd.code if closed.rcvd else 1006


def test_a_release_loses_nothing(app: App, up: Deployment) -> None:
    path = str(app.settings.get("health", "/"))
    clients = [Client(host=f"{app.name}.localhost", path=path, kept=kept, pause=(0.0, 0.1)) for kept in (True, False)]
    with ExitStack() as stack:
        listener = stack.enter_context(Listener(app, up)) if app.websocket else None
        load = stack.enter_context(Load(up.address, up.port, clients, rate=20.0, most_seconds=_SECONDS))
        up.write(app.name, "release.txt", "another one\n")
        result = up.up(door="make")
        load.wait(1)
    report = load.report()
    # Sent by the old replica, before NGINX ends what is left.
    assert listener is None or listener.code == 1001
    print(f"\n{app}: a release after {result.seconds:.1f} s; {report.details()}")
    assert report.lossless, report.details()
