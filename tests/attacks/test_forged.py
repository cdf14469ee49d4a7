"""Nobody writes a line of his own into the error log, or tells a terminal anything by it."""

import time
from base64 import b64encode

import pytest

from tests.attacks.edge import Edge
from tests.attacks.raw import ask, connect
from tests.attacks.sample import HOST

pytestmark = pytest.mark.docker

FORGED = ("\nforged-line", "\x1b[31mforged", "\x7f", "\r", "\x08", "\u0085", "\u009b31m", "\u2028", "\u202e", "\u2066")


def spell(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


def test_a_forged_name_of_a_file_is_not_found(edge: Edge) -> None:
    began = time.time()
    for text in FORGED:
        for path in (f"/static/x{spell(text)}.css", f"/static/x{spell(text)}", f"/static/deep{spell(text)}/x.css"):
            answer = ask(edge.port, HOST, path)
            assert answer is not None and answer.status in (400, 404), (path, answer)
    check_log(edge, began)


def test_a_forged_user_or_referrer_is_refused(edge: Edge) -> None:
    began = time.time()
    for text in FORGED:
        user = b64encode(f"ann{text}:x".encode()).decode()
        assert ask_raw(edge, f"Authorization: Basic {user}") == 400
        # A line end in a header ends it: what follows is a header of its own.
        if not set(text) & set("\r\n"):
            assert ask_raw(edge, f"Referer: http://a.example/{text}") == 400
    assert ask_raw(edge, f"Authorization: Basic {b64encode(b'ann:x').decode()}") == 200
    assert ask_raw(edge, "Referer: http://a.example/é") == 200
    check_log(edge, began)


def ask_raw(edge: Edge, field: str) -> int:
    with connect(edge.port) as client:
        client.sendall(f"GET /whoami HTTP/1.1\r\nHost: {HOST}\r\n{field}\r\nConnection: close\r\n\r\n".encode())
        return int(client.recv(4096).split()[1])


def check_log(edge: Edge, since: float) -> None:
    text = edge.log(since)
    assert "\nforged-line" not in text
    assert all(one.isprintable() or one == "\n" for one in text.replace("\r\n", "\n"))
