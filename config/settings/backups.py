"""Backups of folders of data and of services: where they go, when they are made, and how many are kept."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from portico.config.settings.job import Cron, check_cron
from portico.config.settings.quantity import Size
from portico.config.settings.section import Section
from portico.config.settings.text import ImageName, grammar

_PART = r"[A-Za-z0-9_.-]+"
_PATH = rf"(?!.*/\.\.?(/|$))(/{_PART})+"
_FOLDER = rf"(?=.{{1,200}}$){_PATH}"
_BUCKET = r"s3://(?!.*/\.\.?(/|$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_.-]+){0,8}"
_SFTP = rf"sftp://[A-Za-z0-9_][A-Za-z0-9_.-]{{0,31}}@[A-Za-z0-9][A-Za-z0-9.-]{{0,252}}(:[0-9]{{1,5}})?{_PATH}"

Place = Annotated[
    str,
    grammar(
        "a place for backups",
        f"{_FOLDER}|{_BUCKET}|{_SFTP}",
        "write a folder of the machine such as /srv/backups, s3://bucket/folder, or sftp://user@host/srv/backups",
    ),
]
Endpoint = Annotated[
    str,
    grammar(
        "the address of an S3 service",
        r"https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:[0-9]{1,5})?",
        "write one such as https://s3.eu-central-003.backblazeb2.com",
    ),
]
Region = Annotated[str, grammar("a region", r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", "write one such as eu-central-1")]
AccessKey = Annotated[
    str, grammar("an access key's id", r"[A-Za-z0-9][A-Za-z0-9_./+=-]{2,127}", "write it as the service shows it")
]
HostKey = Annotated[
    str,
    grammar(
        "a public host key",
        r"(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,1000}={0,3}",
        "write kind and key, as `ssh-keyscan HOST` prints them after the name",
    ),
]


class Keep(Section):
    """How many backups are kept: the newest of each of so many days, weeks and months, and the last ones."""

    last: int = Field(default=2, ge=1, le=1000, description="The newest ones, whenever they were made.")
    daily: int = Field(default=7, ge=0, le=3660, description="Days of which the newest one is kept.")
    weekly: int = Field(default=4, ge=0, le=520, description="Weeks of which the newest one is kept.")
    monthly: int = Field(default=6, ge=0, le=120, description="Months of which the newest one is kept.")


class Backups(Section):
    """Encrypted backups of all data and services, each proven by bringing it back; their key: `portico backup key`."""

    to: Place = Field(
        examples=["/srv/backups"],
        description="Where they go: a folder of the machine that runs the sites, s3://bucket/folder, or "
        "sftp://user@host/folder. Each stack has a folder of its own in it.",
    )
    every: Annotated[Cron, AfterValidator(check_cron)] | None = Field(
        default=None,
        examples=["17 3 * * *"],
        description="When they are made, as a cron expression in UTC; each night at a time of the stack's own, between "
        "one and five o'clock, where not set.",
    )
    keep: Keep = Field(default_factory=Keep, description="How many are kept.")
    bandwidth: Size | None = Field(
        default=None, description="What may go over the network in a second, each way, at most; no limit where not set."
    )
    region: Region | None = Field(default=None, description="The region of a bucket on AWS.")
    endpoint: Endpoint | None = Field(default=None, description="The address of an S3 service that is not AWS's.")
    access_key: AccessKey | None = Field(
        default=None, description="The id of the access key for S3. The key itself is the secret portico:backupAccess."
    )
    host_key: HostKey | None = Field(
        default=None,
        description="The public key of the SFTP server, by which it is known. The private key of the user is the "
        "secret portico:backupAccess.",
    )
    memory: Size = Field(default=Size.parse("512M"), description="What making and proving them may need.")
    image: ImageName = Field(
        default="python:3.13-slim",
        description="The image below what makes them, pinned: Python 3.11 or newer on Debian 13 or newer, whose "
        "package of restic is added.",
    )

    @property
    def kind(self) -> Literal["folder", "s3", "sftp"]:
        """What the place is."""
        return "s3" if self.to.startswith("s3:") else "sftp" if self.to.startswith("sftp:") else "folder"

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        for name, owner in (("region", "s3"), ("endpoint", "s3"), ("access_key", "s3"), ("host_key", "sftp")):
            if getattr(self, name) is not None and self.kind != owner:
                yield f"{_ALIASES.get(name, name)} is for {owner}://, and to is another place; leave it out"
        if self.kind == "s3":
            if self.endpoint is None and self.region is None:
                yield "region is required for s3://; write that of the bucket, or endpoint for a service of your own"
            if self.access_key is None:
                yield "accessKey is required for s3://; write the id of a key that may use this bucket alone"
        if self.kind == "sftp" and self.host_key is None:
            yield "hostKey is required for sftp://; write the server's public key, as `ssh-keyscan HOST` prints it"


_ALIASES = {"access_key": "accessKey", "host_key": "hostKey"}
