"""Asks the replica that it runs in for some paths, and prints {path: status} as JSON: for `portico rehearse`.

Its arguments: where it listens, the name of the host, seconds, and the paths, the health path first. That one is
asked until it answers well, or for so many seconds.
"""

import json
import socket
import sys
import time

address, host, seconds, *paths = sys.argv[1:]
kind, _, place = address.partition(":")
LATE = 30.0  # seconds for one answer


def ask(path: str) -> str:
    """The three digits of an answer, or why there is none."""
    try:
        if kind == "unix":
            peer = socket.socket(socket.AF_UNIX)
            peer.settimeout(LATE)
            peer.connect(f"{place}.{socket.gethostname()}")
        else:
            peer = socket.create_connection(("127.0.0.1", int(place)), timeout=LATE)
        with peer:
            lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: portico-rehearse", "Connection: close"]
            peer.sendall("\r\n".join([*lines, "", ""]).encode())
            told = b""
            while b"\r\n" not in told and (more := peer.recv(4096)):
                told += more
    except OSError as error:
        return f"no answer: {error}"
    return told[9:12].decode("latin-1") or "no answer: the connection was closed"


until = time.monotonic() + float(seconds)
found = {}
for path in paths:
    found[path] = ask(path)
    while path == paths[0] and found[path][:1] not in ("2", "3") and time.monotonic() < until:
        if found[path] in ("401", "403", "404", "405", "429"):
            break
        time.sleep(0.5)
        found[path] = ask(path)
print(json.dumps(found))
