"""How NGINX talks to Gunicorn, on a machine that runs the rendered tree: retries, large heads, uploads, routes."""

import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from portico.config.plan import make_plan
from portico.config.stackfile import read_stack
from tests.docker.ask import get
from tests.render.command import render
from tests.render.machine import Machine

pytestmark = pytest.mark.docker

APPLICATION = """
import os, time
from flask import Flask, request

app = Flask(__name__)


@app.get("/replica")
def replica():
    return os.environ["PORTICO_REPLICA"]


@app.get("/cookies")
def cookies():
    return "ok", 200, [("Set-Cookie", f"c{index}={'x' * 1900}") for index in range(6)]


@app.get("/slow/now")
@app.get("/late")
def late():
    time.sleep(3)
    return "late"


@app.post("/die")
def die():
    with open("/run/portico/site/deaths", "a") as file:
        file.write("x")
    os._exit(1)


@app.post("/piped")
@app.post("/collected")
@app.post("/large/up")
def take():
    first = request.stream.read(1)
    arrived = time.time()
    rest = request.stream.read()
    return {"waited": time.time() - arrived, "length": len(first + rest)}
"""
SITE: dict[str, Any] = {
    "name": "site",
    "source": "site",
    "entry": "web:app",
    "hosts": ["site.example"],
    "body": "1M",
    "routes": [
        {"path": "/piped", "requestBuffering": False},
        {"path": "/large/", "body": "3M"},
        {"path": "/slow/", "timeout": "1s"},
    ],
}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory, image: str) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("talking")
    (folder / "site").mkdir()
    (folder / "site/web.py").write_text(APPLICATION)
    (folder / "site/requirements.txt").write_text("flask==3.1.3\n")
    (folder / "Pulumi.yaml").write_text("name: portico\n")
    (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"portico:sites": [SITE]}}))
    (release,) = make_plan(read_stack(folder, "dev"), folder).releases
    assert render("dev", folder / "out", "sites-available", root=folder) == 0
    (folder / "static").mkdir()
    sockets = folder / "sockets"
    (sockets / "site").mkdir(parents=True)
    (sockets / "site").chmod(0o777)
    with Machine(folder / "out", "sites-available", "nginx:1.30.6", folder / "static", sockets) as made:
        # The image is another application's; what runs is the source beside the tree.
        made.start(image, "site", "web:app", release.bind, source=folder / "site")
        yield made


def send_slowly(machine: Machine, path: str, pause: float) -> dict[str, Any]:
    """POST a body in two halves with a pause between."""
    head = f"POST {path} HTTP/1.1\r\nHost: site.example\r\nContent-Length: 8192\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", machine.port), 20) as peer:
        peer.sendall(head.encode() + b"x" * 4096)
        time.sleep(pause)
        peer.sendall(b"y" * 4096)
        answer = b"".join(iter(lambda: peer.recv(65536), b""))
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_large_cookies_fit(machine: Machine) -> None:
    """Without wider buffers NGINX answers 502: the head is too large."""
    assert get(machine.port, "site.example", "/cookies").status == 200


def test_a_body_is_collected_first_or_passed_on_as_it_comes(machine: Machine) -> None:
    collected, piped = send_slowly(machine, "/collected", 1.5), send_slowly(machine, "/piped", 1.5)
    assert (collected["length"], piped["length"]) == (8192, 8192)
    assert collected["waited"] < 0.5 < 1.0 < piped["waited"]


def test_a_route_has_a_limit_of_its_own(machine: Machine) -> None:
    limit = 3 * 1024 * 1024
    assert get(machine.port, "site.example", "/large/up", method="POST", body=bytes(limit)).json()["length"] == limit
    assert get(machine.port, "site.example", "/large/up", method="POST", body=bytes(limit + 1)).status == 413
    assert get(machine.port, "site.example", "/collected", method="POST", body=bytes(limit)).status == 413


def test_a_post_is_never_sent_twice(machine: Machine) -> None:
    answer = get(machine.port, "site.example", "/die", method="POST", body=b"x")
    assert answer.status == 502
    assert machine.ask("cat", "/run/portico/site/deaths") == "x"


def test_a_route_has_a_timeout_of_its_own(machine: Machine) -> None:
    time.sleep(11)  # a replica that died is asked again after ten seconds
    assert get(machine.port, "site.example", "/slow/now").status == 504


def test_one_slow_answer_does_not_shut_the_site(machine: Machine) -> None:
    """A GET that is late on one replica is late on the next: neither is dead for it."""
    time.sleep(11)
    assert get(machine.port, "site.example", "/slow/now").status == 504
    assert [get(machine.port, "site.example", "/replica").status for _ in range(4)] == [200] * 4


def test_another_replica_is_asked(machine: Machine) -> None:
    time.sleep(11)
    machine.stop(0)
    assert {get(machine.port, "site.example", "/replica").body for _ in range(10)} == {b"1"}
