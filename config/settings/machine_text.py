"""Texts that end up in the arguments of ssh: how a machine is named and reached."""

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text
from portico.config.settings.text import grammar

MachineName = Annotated[
    str,
    grammar(
        "a machine's name",
        r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?|[0-9a-fA-F:.]{2,45}",
        "write a host name, an address, or an alias of ~/.ssh/config, such as shop.example",
    ),
]
LoginName = Annotated[
    str,
    grammar("a login", r"[a-z_][a-z0-9_.-]{0,31}", "write the name of a user of that machine, such as deploy"),
]
JumpHost = Annotated[
    str,
    grammar(
        "a machine on the way",
        r"[a-z_][a-z0-9_.-]{0,31}@[A-Za-z0-9_]([A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?(:[1-9][0-9]{0,4})?",
        "write user@host or user@host:port, such as deploy@gate.example",
    ),
]
KeyPath = Annotated[
    str,
    grammar("a key's path", r"(?!-)[^\0\n\r\"\\]{1,1000}", "write a path without quotes, such as ~/.ssh/id_ed25519"),
]
Command = Annotated[
    str, grammar("a command", r"[^\0\n\r]{1,2000}", "write it on one line, such as ssh -W %h:%p gate.example")
]
_KEY_HINT = 'write the type and the key, as ssh-keyscan prints them after the host name, such as "ssh-ed25519 AAAA..."'


def _check_host_key(value: str) -> str:
    kind, key = value.split()[:2]
    try:
        # What follows is the same name again, with its length before it.
        body = base64.b64decode(key, validate=True)
        if body[4 : 4 + int.from_bytes(body[:4])] == kind.encode():
            return f"{kind} {key}"
    except binascii.Error:
        pass
    raise PydanticCustomError(
        "host_key", "{value} is not a public host key; {hint}", {"value": show_text(value), "hint": _KEY_HINT}
    )


HostKey = Annotated[
    str,
    grammar(
        "a public host key",
        r"\s*(ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+ +[A-Za-z0-9+/]+={0,2}( [^\0\r\n]*)?\s*",
        _KEY_HINT,
    ),
    AfterValidator(_check_host_key),
]
