"""One client of the load: what it asks for, and which answer is right."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

from tests.docker.load.failure import WRONG, RequestError, status_class


@dataclass(frozen=True, kw_only=True)
class Response:
    """A whole response. Header names are lower case; repeated headers are joined with a comma."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object; a `ValueError` if it is none."""
        answer = json.loads(self.body)
        if not isinstance(answer, dict):
            raise ValueError(f"no JSON object: {self.body[:100]!r}")
        return answer


Expect = str | Callable[[Response], bool]
Observe = Callable[[Response], str | None]


@dataclass(frozen=True, kw_only=True)
class Client:
    """One client: what it asks for, and how.

    `kept`: use one connection for all requests, else a fresh one for each.
    `pause`: wait a random time in this range before each request, in seconds; (0, 0) is as fast as possible.
    `body`: this many fresh random bytes are sent, and the response must be JSON with their `sha256` and `length`.
    `expect`: text that the body must contain, or a predicate; it says that the right application answered.
    `long`: slow by intention, so left out of the latency figures.
    `timeout`: for the whole request, from connecting to the last byte, in seconds.
    """

    host: str
    path: str = "/"
    method: str = "GET"
    kept: bool = True
    pause: tuple[float, float] = (0.0, 0.0)
    body: int = 0
    status: int = 200
    expect: Expect | None = None
    long: bool = False
    timeout: float = 30.0

    @property
    def kind(self) -> str:
        """Such as `kept GET /whoami every 2-3 s`."""
        every = f" every {self.pause[0]:g}-{self.pause[1]:g} s" if self.pause[1] else ""
        return f"{'kept' if self.kept else 'fresh'} {self.method} {self.path}{every}"


def message(client: Client, body: bytes) -> bytes:
    """One request, as it is sent."""
    lines = [
        f"{client.method} {client.path} HTTP/1.1",
        f"Host: {client.host}",
        "User-Agent: portico-load",
        "Accept: */*",
    ]
    if body:
        lines += ["Content-Type: application/octet-stream", f"Content-Length: {len(body)}"]
    if not client.kept:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def check(client: Client, body: bytes, response: Response) -> None:
    """Raise unless the response has the expected status and comes from the right application, for this request."""
    start = response.body[:100]
    if response.status != client.status:
        raise RequestError(status_class(response.status), start)
    try:
        if body:
            answer = response.json()
            right = (answer["sha256"], answer["length"]) == (hashlib.sha256(body).hexdigest(), len(body))
        else:
            right = True
        if isinstance(client.expect, str):
            right = right and client.expect.encode() in response.body
        elif client.expect is not None:
            right = right and client.expect(response)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise RequestError(WRONG, f"{error!r} in {start!r}") from error
    if not right:
        raise RequestError(WRONG, start)
