"""The client as the application sees it: its address through NGINX alone, and nothing begun for one that has gone."""

import socket
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.middleware.proxy_fix import ProxyFix

from portico.config.render.layout import EDGE
from tests.config.gunicorn_config import address as address
from tests.config.gunicorn_config import run


def test_the_application_sees_the_client_through_one_proxy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    worker = SimpleNamespace(wsgi=print, pid=7)
    run(root)["post_worker_init"](worker)
    assert isinstance(worker.wsgi, ProxyFix)
    assert (worker.wsgi.x_for, worker.wsgi.x_proto, worker.wsgi.x_host, worker.wsgi.x_prefix) == (1, 1, 0, 0)


CLAIMS = {"HTTP_X_FORWARDED_FOR": "203.0.113.7", "HTTP_X_FORWARDED_PROTO": "https", "HTTP_X_REAL_IP": "203.0.113.7"}


@pytest.mark.parametrize(
    ("bind", "peer", "believed"),
    [
        ("unix:/run/portico/shop/r-0.sock", "", True),
        ("0.0.0.0:8000", "127.0.0.1", True),
        ("0.0.0.0:8000", "172.20.0.5", True),
        ("0.0.0.0:8000", "172.20.0.6", False),
        ("0.0.0.0:8000", "", False),
    ],
)
def test_nobody_but_nginx_is_believed_about_the_client(
    root: Path, monkeypatch: pytest.MonkeyPatch, bind: str, peer: str, believed: bool
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", bind)
    reported = tell(root, monkeypatch, ["172.20.0.5"])
    seen = reported(peer)
    assert seen["REMOTE_ADDR"] == ("203.0.113.7" if believed else peer)
    assert seen["wsgi.url_scheme"] == ("https" if believed else "http")
    assert ("HTTP_X_REAL_IP" in seen) == ("HTTP_X_FORWARDED_FOR" in seen) == believed


def test_a_new_nginx_is_believed_at_once_and_the_old_one_while_nobody_tells_another(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    there = ["172.20.0.5"]
    reported = tell(root, monkeypatch, there)
    assert reported("172.20.0.5")["wsgi.url_scheme"] == "https"
    there.append("172.20.0.8")
    assert {reported(peer)["wsgi.url_scheme"] for peer in there} == {"https"}
    there.clear()  # nobody knows the name just now
    assert reported("172.20.0.8")["wsgi.url_scheme"] == "https" and reported("172.20.0.9")["wsgi.url_scheme"] == "http"


def tell(root: Path, monkeypatch: pytest.MonkeyPatch, there: list[str]) -> Callable[[str], dict[str, Any]]:
    """What an application sees of a request with claims, by the peer's address; `there` are NGINX's addresses."""
    worker = SimpleNamespace(wsgi=lambda environ, start_response: [environ], pid=7)
    values = run(root)
    monkeypatch.setitem(values, "publish", lambda name, own: None)

    def look_up(name: str, port: None, **more: Any) -> list[Any]:
        assert name == EDGE
        if not there:
            raise socket.gaierror
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 0)) for one in there]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    values["post_worker_init"](worker)

    def call(peer: str) -> dict[str, Any]:
        environ = {"REQUEST_METHOD": "GET", "REMOTE_ADDR": peer, "wsgi.url_scheme": "http", **CLAIMS}
        found: dict[str, Any] = worker.wsgi(environ, None)[0]
        return found

    return call


@pytest.mark.parametrize("family", [socket.AF_UNIX, socket.AF_INET], ids=["unix", "tcp"])
@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("method", "changes"), [("GET", False), ("HEAD", False), ("POST", True), ("DELETE", True)])
def test_nothing_is_begun_for_a_client_that_has_gone(
    root: Path, monkeypatch: pytest.MonkeyPatch, family: socket.AddressFamily, left: bool, method: str, changes: bool
) -> None:
    """Unless it may change something; what it still sent, such as a body, does not hide that it has gone."""
    monkeypatch.setenv("PORTICO_ADDRESS", "0.0.0.0:8000")
    begun: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        begun.append(environ["REQUEST_METHOD"])
        return []

    worker = SimpleNamespace(wsgi=application, pid=7)
    run(root)["post_worker_init"](worker)
    with socket.socket(family) as listener:
        if family == socket.AF_INET:
            listener.bind(("127.0.0.1", 0))
        else:
            listener.bind("")  # Linux chooses a name that is no file
        listener.listen()
        with (
            socket.create_connection(listener.getsockname())
            if family == socket.AF_INET
            else connect_unix(listener) as nginx
        ):
            peer, _ = listener.accept()
            with peer:
                nginx.sendall(b"what was not read yet")
                if left:
                    nginx.close()
                answers: list[str] = []
                environ = {"REQUEST_METHOD": method, "gunicorn.socket": peer}
                worker.wsgi(environ, lambda status, fields: answers.append(status))
                assert bool(begun) == (not left or changes)
                assert answers == ([] if begun else ["499 Client Closed Request"])
                assert peer.recv(100) == b"what was not read yet"


def connect_unix(listener: socket.socket) -> socket.socket:
    peer = socket.socket(socket.AF_UNIX)
    peer.connect(listener.getsockname())
    return peer
