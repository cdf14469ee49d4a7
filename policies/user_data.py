"""User data: what a machine is given at its first boot, and everybody on it can read forever."""

import gzip
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from typing import Final
from zlib import error

from portico.policies.graph import Graph, Resource, look, of_type
from portico.policies.kinds import INSTANCE, TEMPLATE
from portico.policies.likeness import find_likenesses
from portico.policies.rule import Finding, rule

# AWS allows 16 KB, before base64. The difference is kept for a change that cannot wait.
LIMIT: Final = 14 * 1024
_GZIP: Final = b"\x1f\x8b"
_NAMES: Final = ("userData", "userDataBase64")


@rule("CKV_AWS_46")
def keep_secrets_out(graph: Graph) -> Iterator[Finding]:
    """No secret in user data: it stays readable in the console and for every process on the machine."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        for name in _NAMES:
            if name in one.secrets:
                wrong = f"{name} is made from a secret of Pulumi's"
                yield Finding(one, wrong, "hand it over after the boot, as a file that only its reader can read")
        text = (_read(one) or b"").decode(errors="replace")
        for kind, line in find_likenesses(text):
            wrong = f"line {line} of its user data looks like {kind}"
            yield Finding(one, wrong, "hand it over after the boot, as a file that only its reader can read")


@rule()
def bound_user_data(graph: Graph) -> Iterator[Finding]:
    """User data is gzip and at most 14 KB before base64, of the 16 KB that AWS takes."""
    for one in of_type(graph, INSTANCE, TEMPLATE):
        raw = _raw(one)
        if raw is None:
            continue
        if len(raw) > LIMIT:
            wrong = f"its user data has {len(raw)} bytes, and AWS takes 16384 before base64"
            yield Finding(one, wrong, f"keep it to {LIMIT} bytes: let the machine fetch what is big")
        if not raw.startswith(_GZIP):
            name = "userDataBase64" if one.type == INSTANCE else "userData"
            yield Finding(
                one, "its user data is not compressed", f"write {name}, as base64 of gzip: cloud-init unpacks it"
            )


@rule()
def say_when_replaced(graph: Graph) -> Iterator[Finding]:
    """Whether new user data replaces the machine is said, since it is read at the first boot alone."""
    for one in of_type(graph, INSTANCE):
        reported = look(one.inputs, "userDataReplaceOnChange") is not None
        if not reported and any(look(one.inputs, name) is not None for name in _NAMES):
            wrong = "new user data would stop and start it, and have no effect"
            yield Finding(one, wrong, "write userDataReplaceOnChange: true, or false where you replace it yourself")


def _raw(one: Resource) -> bytes | None:
    """What AWS is given, without base64; None where there is none, or it is not known yet."""
    plain, encoded = look(one.inputs, "userData"), look(one.inputs, "userDataBase64")
    if one.type == TEMPLATE:
        plain, encoded = None, plain
    if isinstance(encoded, str):
        try:
            return b64decode(encoded, validate=True)
        except Error:
            return encoded.encode()
    return plain.encode() if isinstance(plain, str) else None


def _read(one: Resource) -> bytes | None:
    raw = _raw(one)
    try:
        return gzip.decompress(raw) if raw and raw.startswith(_GZIP) else raw
    except (OSError, EOFError, error):
        return raw
