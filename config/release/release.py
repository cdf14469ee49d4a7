"""A release: one exact state of one site, named by everything that makes it differ from another."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from portico.config.settings import Site
from portico.config.source.files import File
from portico.config.source.published import Unpublished


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is built, started and asked for one site.

    `context` is the build context: {path: file}, empty where the image is an earlier release's. `image` is its
    digest: equal content is built once. `id` names the image together with the containers that are made of it.
    `entrypoint` are the words of the image's own before Gunicorn's. `secrets` is the digest of its secrets, "" where it
    has none; `variables` are the names of those that its processes have as environment variables. `tokens` are the
    secrets of its build: never log them. `requires` are
    packages that its source names, normalized; `unpublished` is what of its static folder nobody can ask for.
    """

    site: Site
    id: str
    image: str
    context: Mapping[str, File]
    replicas: int
    uid: int
    static: str | None
    compress: bool
    bind: tuple[str, ...]
    upstream: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()
    secrets: str = ""
    variables: tuple[str, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    requires: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    unpublished: Unpublished = field(default=Unpublished(), repr=False, compare=False)
