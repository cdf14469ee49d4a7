"""WebSockets when a replica's time is over, with Gunicorn itself: who gets 1001 ("going away"), and who stays."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, unix_connect

from portico.config.render.gunicorn import render_gunicorn
from tests.config.sample import make_site, read_settings, write_files

# What libraries for WebSocket do: they take Gunicorn's socket and write to it. "/raw" goes around that object.
APPLICATION = r"""
import base64, hashlib, os

def app(environ, start_response):
    if environ.get("HTTP_UPGRADE") != "websocket":
        start_response("200 OK", [("Content-Length", "0")])
        return [b""]
    sock = environ["gunicorn.socket"]
    accept = hashlib.sha1((environ["HTTP_SEC_WEBSOCKET_KEY"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode())
    accept = base64.b64encode(accept.digest()).decode()
    head = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
    send = (lambda data: os.write(sock.fileno(), data)) if environ["PATH_INFO"] == "/raw" else sock.send
    send(f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n\r\n".encode())
    send(b"\x81\x02hi")
    while sock.recv(4096)[:1] not in (b"\x88", b""):
        send(b"\x81\x05again")
    send(b"\x81\x04late")
    sock.close()
    raise StopIteration
"""


@dataclass
class Web:
    """A replica of which the switch writes whether it serves."""

    process: subprocess.Popen[bytes]
    path: Path
    live: Path

    @contextmanager
    def open(self, path: str = "/ws") -> Iterator[ClientConnection]:
        with unix_connect(str(self.path), f"ws://localhost{path}", open_timeout=60) as peer:
            assert peer.recv(60) == "hi"
            yield peer


@pytest.fixture
def web(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("s")
    site = make_site(routes=[{"path": "/ws", "websocket": True}], gunicorn={"workers": 1, "timeout": "5s"})
    write_files(folder, {"web.py": APPLICATION, "run/shop/x": ""})
    text = render_gunicorn(read_settings(root, site).sites[0]).replace('"/dev/shm"', f'"{folder}"')
    (folder / "conf.py").write_text(text)
    path = folder / "run/shop/r-0.sock"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "conf.py", "web:app"],
        cwd=folder,
        env=os.environ | {"PORTICO_ADDRESS": f"unix:{path}", "PORTICO_BOOTS": str(folder / "run/shop/r-0.boots")},
    )
    while not path.exists():
        assert process.poll() is None
        time.sleep(0.05)
    yield Web(process, path, folder / "run/shop.live")
    process.kill()
    process.wait()


def test_who_is_connected_when_others_serve_is_informed(web: Web) -> None:
    """Nobody else: neither where this replica still serves, nor who came later."""
    with web.open() as first, web.open("/raw") as raw:
        time.sleep(0.05)
        web.live.write_text(f"0123456789ab\n{socket.gethostname()}\n")
        time.sleep(2.5)
        first.send("x")
        assert first.recv(60) == "again"
        web.live.write_text("0123456789ab\n")
        with pytest.raises(ConnectionClosed) as closed:
            first.recv(60)
        assert closed.value.rcvd and closed.value.rcvd.code == 1001
        time.sleep(0.05)
        with web.open() as later:
            time.sleep(2.5)
            for peer in (later, raw):
                peer.send("x")
                assert peer.recv(60) == "again"


def test_who_is_connected_at_the_end_is_informed(web: Web) -> None:
    with web.open() as peer:
        web.process.send_signal(signal.SIGTERM)
        with pytest.raises(ConnectionClosed) as closed:
            peer.recv(60)
    assert closed.value.rcvd and closed.value.rcvd.code == 1001
    assert web.process.wait(60) == 0
