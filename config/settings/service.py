"""A database or a cache that Portico runs beside the sites."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import Field

from portico.config.settings.data import Data
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

ServiceName = Annotated[
    str,
    grammar(
        "the name of a service",
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as db",
    ),
]


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
    version: Literal["18", "17", "8.1"] | None = Field(
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
        if self.evict and self.kind != VALKEY:
            yield "evict is for valkey, and a database forgets nothing; leave it out"
