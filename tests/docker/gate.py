"""What stands before an authority of the tests: it hands everything on, or answers as one in trouble does."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is answered instead where a path begins so: a status, and the kind and the words of a problem (RFC 7807).

    `""` for a kind is an answer in HTML, as of a machine before the authority. `seconds` are waited first.
    """

    path: str = "/"
    status: int
    kind: str = ""
    detail: str = ""
    headers: Mapping[str, str] | None = None
    seconds: float = 0.0


# As Let's Encrypt answers: https://letsencrypt.org/docs/rate-limits/ and its servers' own source say so.
LIMITED: Final = Trouble(
    path="/order-plz",
    status=429,
    kind="rateLimited",
    detail="too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s",
    headers={"Retry-After": "86400"},
)
BUSY: Final = Trouble(path="/order-plz", status=503, kind="rateLimited", detail="Service busy; retry later.")
BROKEN: Final = Trouble(status=502)
ERRING: Final = Trouble(path="/finalize-order/", status=500, kind="serverInternal", detail="Error finalizing order")


class Gate:
    """Listens at `port` with the certificate of `folder`, and hands on to port `behind`; `trouble` is what is wrong."""

    def __init__(self, folder: Path, port: int, behind: int) -> None:
        self.trouble: Trouble | None = None
        self.asked: list[str] = []
        self._context = ssl.create_default_context(cafile=str(folder / "authority.crt"))
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                gate.asked.append(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                found = gate.trouble
                if found and self.path.startswith(found.path):
                    time.sleep(found.seconds)
                    self._send(found.status, *_spell(found))
                else:
                    self._send(*gate._ask(behind, self.command, self.path, dict(self.headers), body))

            def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
                self.send_response_only(status)
                for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else body)

            do_GET = do_HEAD = do_POST = _answer

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("0.0.0.0", port), Handler)
        self._server.daemon_threads = True
        # A client that does not trust it ends the handshake.
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        own.load_cert_chain(folder / "pebble.crt", folder / "pebble.key")
        # The hands are shaken where the request is read, so that nobody waits for anybody.
        self._server.socket = own.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Nobody listens any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _ask(
        self, port: int, verb: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        peer = http.client.HTTPSConnection("localhost", port, context=self._context, timeout=30)
        try:
            # By its name as it was asked for: the authority's own addresses are made of that.
            peer.request(verb, path, body or None, headers)
            answer = peer.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name not in ("Content-Length", "Connection")}
            return answer.status, kept, answer.read()
        finally:
            peer.close()


def _spell(found: Trouble) -> tuple[dict[str, str], bytes]:
    reported = {"Content-Type": "application/problem+json" if found.kind else "text/html", **(found.headers or {})}
    if not found.kind:
        return reported, b"<html><body>Bad gateway</body></html>"
    kind = f"urn:ietf:params:acme:error:{found.kind}"
    return reported, json.dumps({"type": kind, "detail": found.detail, "status": found.status}).encode()
