"""Two answers to the same request, compared: one through NGINX, one from the application alone."""

import re
from collections.abc import Iterator, Mapping

from tests.docker.load import Response

# What NGINX adds to or sets itself in answers: docs/projects.md and docs/settings.md tell of each.
DOCUMENTED = frozenset(
    {
        *("server", "date", "connection", "keep-alive", "transfer-encoding", "content-length"),
        *("x-frame-options", "x-content-type-options", "referrer-policy", "permissions-policy", "x-request-id"),
        *("vary", "content-security-policy", "cross-origin-opener-policy", "strict-transport-security"),
    }
)
# NGINX serves static files itself: it tells their age and their mark in its own way, and takes ranges.
STATIC = frozenset({"etag", "last-modified", "cache-control", "accept-ranges", "content-disposition", "expires"})
# Words that are new in each answer: marks against forgery, sessions, numbers made by chance, times.
_CHANCE = re.compile(rb"[A-Za-z0-9_.\-]{20,}|\d{2}:\d{2}:\d{2}|\b\d{9,}\b|\b0x[0-9a-f]+\b|\d+\.\d+ ?(?:s|ms)\b")


def compare(mine: Response, theirs: Response, *, again: Response, head: bool, file: bool) -> Iterator[str]:
    """In which ways `mine` is otherwise than `theirs`. `again` is theirs once more: what is new there is left out.

    `head`: whether there may be no body; some applications send one anyway. `file`: whether NGINX serves it.
    """
    if mine.status != theirs.status:
        yield f"status {mine.status}, and {theirs.status} alone"
        return
    kept = DOCUMENTED | (STATIC if file else set())
    for name in sorted({*mine.headers, *theirs.headers} - kept):
        here, there, then = (_tell_header(name, one.headers) for one in (mine, theirs, again))
        if here != there and there == then:
            yield f"header {name}: {here!r}, and {there!r} alone"
    if head:
        return
    texts = [_CHANCE.sub(b"?", one.body) for one in (mine, theirs, again)]
    if texts[0] != texts[1] and texts[1] == texts[2]:
        yield f"body: {_tell_difference(texts[0], texts[1])}"


def _tell_header(name: str, headers: Mapping[str, str]) -> str | None:
    """A header without what is new in each answer; None where it is not there."""
    value = headers.get(name)
    if value is None:
        return None
    if name == "allow":
        # Flask makes it of a set.
        value = ", ".join(sorted(value.split(", ")))
    if name == "set-cookie":
        # A cookie's value is signed again each time.
        value = re.sub(r"=[^;]*", "=", value, count=1)
        value = re.sub(r"(?i)expires=[^;]*", "expires=", value)
    return _CHANCE.sub(b"?", value.encode()).decode()


def _tell_difference(here: bytes, there: bytes) -> str:
    """Where they begin to differ."""
    at = next((i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), min(len(here), len(there)))
    return f"{len(here)} and {len(there)} bytes; {here[max(0, at - 60) : at + 80]!r}, and {there[at : at + 80]!r} alone"
