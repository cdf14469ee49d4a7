"""A machine that is reached over SSH."""

from pydantic import Field

from portico.config.settings.machine_text import Command, HostKey, JumpHost, KeyPath, LoginName, MachineName
from portico.config.settings.section import Section


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
