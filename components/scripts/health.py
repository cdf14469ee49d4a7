"""Asks a replica for its health path, as NGINX would. Exit code 0: it may be sent requests."""

import socket
import sys

address, path, host = sys.argv[1:]
kind, _, place = address.partition(":")


def give_up(error: BaseException) -> None:
    """Say in plain words that nobody answered."""
    why = "in time" if isinstance(error, TimeoutError) else f"since Gunicorn does not listen ({error})"
    print(f"GET {path} with Host: {host} -> no answer {why}")
    sys.exit(1)


sys.excepthook = lambda kind, error, trace: give_up(error)
if kind == "unix":
    peer = socket.socket(socket.AF_UNIX)
    peer.settimeout(4)
    # Its own socket, not the known name: that may still be another container's.
    peer.connect(f"{place}.{socket.gethostname()}")
else:
    peer = socket.create_connection(("127.0.0.1", int(place)), timeout=4)
lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "User-Agent: portico-health", "Connection: close", "", ""]
peer.sendall("\r\n".join(lines).encode())
answer = peer.recv(4096).split(b"\r\n", 1)[0].decode("latin-1")
print(f"GET {path} with Host: {host} -> {answer or 'no answer'}")
status = answer[9:12]
# 401, 403 and 404 are answers of a working application; 400 is how Flask refuses a host name.
sys.exit(0 if status[:1] in ("2", "3") or status in ("401", "403", "404", "405") else 1)
