"""The keepalive pair: NGINX's idle limit below Gunicorn's, and what is lost the other way round."""

import re
import socket
import threading
import time
from collections.abc import Sequence
from typing import Final

from bench.serving.bench import Bench, edit
from tests.docker.engine import free_port

_ECHO: Final = "/echo"


def send_bursts(port: int, pauses: Sequence[float], width: int) -> tuple[int, int]:
    """Bursts of POSTs on kept connections, with these pauses between: how many there were, and how many failed."""
    body = b"x" * 512
    request = f"POST {_ECHO} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    peers = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(width)]
    sent = failed = 0
    for pause in pauses:
        for peer in peers:
            peer.sendall(request)
        for index, peer in enumerate(peers):
            answer = b""
            while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < _length(answer):
                more = peer.recv(65536)
                if not more:
                    break
                answer += more
            sent += 1
            if not answer.startswith(b"HTTP/1.1 200"):
                failed += 1
            if b"\r\nConnection: close" in answer or not answer:
                peers[index] = socket.create_connection(("127.0.0.1", port), 10)
        time.sleep(pause)
    for peer in peers:
        peer.close()
    return sent, failed


def _length(answer: bytes) -> int:
    found = re.search(rb"\r\ncontent-length: (\d+)", answer, re.IGNORECASE)
    return int(found[1]) if found else 0


def try_pairs(bench: Bench, bursts: int) -> dict[str, tuple[int, int]]:
    """The shipped pair and a broken one, both shortened in proportion, at the same time."""
    results: dict[str, tuple[int, int]] = {}
    threads = []
    # Three bursts around the shorter limit, one around the longer, in steps of a few milliseconds: a connection is
    # closed at the limit or, while Gunicorn has nothing else to do, when the first request of a burst wakes it.
    steps = [number / max(1, bursts - 1) for number in range(bursts)]
    pauses = [(2.94 if number % 4 == 3 else 1.94) + 0.07 * step for number, step in enumerate(steps)]
    for name, nginx, gunicorn in (("kept: NGINX 2 s, Gunicorn 3 s", 2, 3), ("broken: NGINX 3 s, Gunicorn 2 s", 3, 2)):
        port, upstream = free_port(), free_port()
        tree, plan = bench.render(f"pair-{nginx}-{gunicorn}-{port}", port, upstream)
        edit(tree / "sites-available/hello.conf", "keepalive_timeout  60s;", f"keepalive_timeout  {nginx}s;")
        edit(tree / "gunicorn/hello.gunicorn.conf.py", "keepalive = 75", f"keepalive = {gunicorn}")
        bench.start_gunicorn(tree, upstream)
        bench.start_nginx(tree, plan, port)

        def work(name: str = name, port: int = port) -> None:
            results[name] = send_bursts(port, pauses, 32)

        threads.append(threading.Thread(target=work))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return dict(sorted(results.items(), reverse=True))
