"""A machine that is reached over SSH."""

import base64
import binascii
import re
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from config.settings.mistake import show_text
from config.settings.section import Section
from config.settings.text import Command, JumpHost, KeyPath, LoginName, MachineName

_KEY = re.compile(r"((?:ssh|ecdsa|sk-ssh|sk-ecdsa)-[A-Za-z0-9@.-]+) +([A-Za-z0-9+/]+={0,2})(?: .*)?")


def _check_key(value: str) -> str:
    found = _KEY.fullmatch(value.strip())
    try:
        # What follows is the same name again, with its length before it.
        body = base64.b64decode(found[2], validate=True) if found else b""
        if found and body[4 : 4 + int.from_bytes(body[:4])] == found[1].encode():
            return f"{found[1]} {found[2]}"
    except binascii.Error:
        pass
    raise PydanticCustomError(
        "host_key",
        "{value} is not a public host key; write the type and the key, as ssh-keyscan prints them after the host name, "
        'such as "ssh-ed25519 AAAA..."',
        {"value": show_text(value)},
    )


HostKey = Annotated[str, AfterValidator(_check_key)]


class Ssh(Section):
    """How the machine is reached. Its user must be allowed to use Docker there."""

    host: MachineName = Field(
        examples=["shop.example"], description="Its name or address, or its alias in ~/.ssh/config."
    )
    port: int = Field(default=22, ge=1, le=65535, description="The port of its SSH server.")
    user: LoginName = Field(examples=["deploy"], description="Who logs in there.")
    key: KeyPath | None = Field(
        default=None, description="The private key's path, from Pulumi.yaml or ~; keys of the agent where not set."
    )
    jump: JumpHost | None = Field(
        default=None, description="A machine on the way there, as user@host or user@host:port."
    )
    proxy_command: Command | None = Field(
        default=None, description="A command that leads there instead; it knows %h, %p and %r as ssh does."
    )
    host_key: HostKey | None = Field(
        default=None,
        description="The machine's public key; the first one is taken and kept (.portico/known_hosts) where not set.",
    )
