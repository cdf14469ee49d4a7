"""A database or a cache that Portico runs beside the sites."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from portico.config.settings.data import Data
from portico.config.settings.managed_text import InstanceClass, KeyArn, Snapshot, Window
from portico.config.settings.quantity import Size
from portico.config.settings.section import Section
from portico.config.settings.text import ImageName, grammar

POSTGRES: Final = "postgres"
VALKEY: Final = "valkey"
# The versions that are offered, by kind: the first one where none is said. An image is pinned for each.
IMAGES: Final = {
    POSTGRES: {"18": "postgres:18.6", "17": "postgres:17.12"},
    VALKEY: {"8.1": "valkey/valkey:8.1.4"},
}

# What AWS sells as the smallest of its present generation, by kind.
SMALLEST: Final = {POSTGRES: "db.t4g.micro", VALKEY: "cache.t4g.micro"}
# What a container alone has, and what AWS alone asks for, by the names of the fields.
OF_CONTAINERS: Final = ("image", "memory")
OF_AWS: Final = ("instance", "storage", "storage_limit", "standby", "backup_days", "window", "key", "snapshot")
# GiB: AWS sells no smaller disk of the kind gp3, and lets a disk grow by a tenth at least.
_LEAST_DISK: Final = 20
_GROWS: Final = 11  # tenths

ServiceName = Annotated[
    str,
    grammar(
        "the name of a service",
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as db",
    ),
]


def _spell_number(value: object) -> object:
    """`version: 18` is a number in YAML, and means what "18" means."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


# Which of them a kind has is a question of the whole section: see tell_clashes.
ReleaseLine = Annotated[
    str,
    BeforeValidator(_spell_number),
    WithJsonSchema({"enum": [one for lines in IMAGES.values() for line in lines for one in (line, json.loads(line))]}),
]

_TAGGED = (
    r"(?:docker\.io/)?(?:library/postgres|postgres|pgvector/pgvector|postgis/postgis):(?:pg)?([0-9]{1,2})(?![0-9])"
)


def _read_version(image: str | None) -> str:
    """PostgreSQL's major version by the tag of an image of Docker Hub, such as 17 of pgvector/pgvector:pg17.

    "" where it does not tell: the numbers of other images may mean anything.
    """
    found = re.match(_TAGGED, image or "")
    return found[1] if found else ""


class Service(Section):
    """A database or a cache beside the sites, in a container of its own; only sites that use it can reach it."""

    name: ServiceName = Field(
        examples=["db"], description="The name that sites use it by; with another one it has other data."
    )
    kind: Literal["postgres", "valkey"] = Field(
        examples=["postgres"],
        description="What it is: `postgres`, PostgreSQL with a database for each site, or `valkey`, which speaks "
        "Redis's protocol, for one site.",
    )
    version: ReleaseLine | None = Field(
        default=None,
        description="The major version: 18 or 17 of PostgreSQL, 8.1 of Valkey; the first of them where not set. Data "
        "of one version of PostgreSQL is never given to another: see docs/services.md.",
    )
    image: ImageName | None = Field(
        default=None,
        description="The image, pinned, where it is not to be the official one of that version, such as one with "
        "extensions.",
    )
    memory: Size | None = Field(
        default=None,
        description="Memory limit of its container. Where not set, it follows from the connections that the sites "
        "may open.",
    )
    evict: bool = Field(
        default=False,
        description="For valkey alone: where its memory ends, forget the keys that were not used for the longest time, "
        "as a cache does, rather than refuse to write, as a queue needs.",
    )

    managed: bool = Field(
        default=False,
        description="AWS runs it, on the targets ecs and aws: PostgreSQL on RDS, Valkey on ElastiCache, for one site. "
        "The settings below are for that.",
    )
    instance: InstanceClass | None = Field(
        default=None,
        description="The kind of its machine, such as db.t4g.small; db.t4g.micro or cache.t4g.micro where not set.",
    )
    storage: Size = Field(default=Size.parse("20G"), description="The disk of PostgreSQL to begin with.")
    storage_limit: Size = Field(
        default=Size.parse("100G"),
        description="What AWS lets that disk grow to by itself; the same as `storage` to let it not grow.",
    )
    standby: bool = Field(
        default=False,
        description="A second one in another zone, which takes over where the first fails; it costs the same again.",
    )
    backup_days: int = Field(default=7, ge=1, le=35, description="Days that AWS keeps its daily backups.")
    window: Window = Field(
        default="sun:03:30",
        description="When AWS may bring patch releases in, within an hour from then: day and time in UTC. Its daily "
        "backup begins 90 minutes before that.",
    )
    key: KeyArn | None = Field(
        default=None, description="A key of KMS of your own that encrypts all of it; AWS's own where not set."
    )
    snapshot: Snapshot | None = Field(
        default=None,
        description="The name of a snapshot of AWS's that it begins with; it is read when it is made, and not later.",
    )

    @property
    def machine(self) -> str:
        """The kind of AWS's machine, also where none is said."""
        return self.instance or SMALLEST[self.kind]

    @property
    def release_line(self) -> str:
        """Its version, also where none is said."""
        return self.version or next(iter(IMAGES[self.kind]))

    @property
    def pinned(self) -> str:
        """The name of its image."""
        return self.image or IMAGES[self.kind][self.release_line]

    @property
    def data(self) -> Data:
        """Its folder that lasts. PostgreSQL's is named by the version, for no other one may have it."""
        if self.kind == VALKEY:
            return Data(name=VALKEY, path="/data")
        # Where the official image has a volume: it moved with version 18.
        path = "/var/lib/postgresql" + ("/data" if self.release_line == "17" else "")
        return Data(name=f"{POSTGRES}-{self.release_line}", path=path)

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        offered = IMAGES[self.kind]
        if self.release_line not in offered:
            yield f'version "{self.version}" is none of {self.kind}; write one of: {", ".join(offered)}'
        if (tagged := _read_version(self.image)) and self.kind == POSTGRES and tagged != self.release_line:
            # Data of one version is never given to another: its folder is called by the version.
            both = f"image is {self.image}, of version {tagged}, and version is {self.release_line}"
            yield f"{both}; write the same in both"
        if self.evict and self.kind != VALKEY:
            yield "evict is for valkey, and a database forgets nothing; leave it out"
        foreign = OF_CONTAINERS if self.managed else OF_AWS
        for name in foreign:
            if name in self.model_fields_set and getattr(self, name) not in (None, False):
                why = "is for a container, and AWS runs this one" if self.managed else "is for a service with managed"
                hint = "leave it out" if self.managed else "write managed: true, or leave it out"
                yield f"{to_camel(name)} {why}; {hint}"
        if self.managed:
            yield from self._tell_managed()

    def _tell_managed(self) -> Iterator[str]:
        begin = SMALLEST[self.kind].partition(".")[0]
        if self.instance and not self.instance.startswith(f"{begin}."):
            yield f'instance "{self.instance}" is none for {self.kind}; write one such as {SMALLEST[self.kind]}'
        if "--" in self.name:
            yield f'name "{self.name}": AWS takes no two dashes side by side; write one'
        if self.kind == VALKEY:
            for name in ("storage", "storage_limit"):
                if name in self.model_fields_set:
                    yield f"{to_camel(name)} is for postgres, and a cache has no disk; leave it out"
            return
        disk, limit = self.storage.gibibytes, self.storage_limit.gibibytes
        if disk < _LEAST_DISK:
            yield f"storage {disk}G is less than AWS sells; write at least {_LEAST_DISK}G"
        least = -(-disk * _GROWS // 10)
        if limit != disk and limit < least:
            yield f"storageLimit {limit}G lets it not grow; write at least {least}G, or {disk}G"
