"""What a text gives away: it looks like a secret."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_KINDS: Final = {
    "an AWS key": re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN ([A-Z]+ )*PRIVATE KEY"),
    "a password in an address": re.compile(r"://[^/\s:@]*:[^/\s:@$]+@"),
    "a token": re.compile(r"\b(gh[pousr]_\w{36}|github_pat_\w{22}|xox[abprs]-[\w-]{10}|eyJ\w+\.eyJ\w+\.)"),
    # Not what only names where a secret lies: $VARIABLE, $(command), {{ template }}, /a/file.
    "a password or a key": re.compile(
        r"(?i)(passwd|password|secret|token|api_?key|access_?key)\w*[\"']?\s*[:=]\s*[\"']?"
        r"(?!required|optional)[^\s\"'$/<{*!#,][^\s\"'#,]{5,}"
    ),
}


class Likeness(NamedTuple):
    """The kind of secret that something looks like, and in which line of the text, counted from 1."""

    kind: str
    line: int


def find_likenesses(text: str) -> Iterator[Likeness]:
    """The first of each kind."""
    for kind, pattern in _KINDS.items():
        if found := pattern.search(text):
            yield Likeness(kind, text.count("\n", 0, found.start()) + 1)
