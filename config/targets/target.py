"""What a target has to say about a stack: plain data and text, no Pulumi."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from portico.config.mistake import Mistake
from portico.config.release.assemble import Complete, Describe
from portico.config.release.release import Release
from portico.config.render.tree import Tree
from portico.config.settings import Settings, Site
from portico.config.tls.nginx_secrets import Private


class Planned(Protocol):
    """What is needed of a plan, or of a stack that is made of one."""

    @property
    def settings(self) -> Settings:
        """The stack's settings."""

    @property
    def releases(self) -> Sequence[Release]:
        """A release of each site, in their order."""

    @property
    def private(self) -> Private:
        """Keys and password hashes, by the name of their file."""


class Target(Protocol):
    """The same questions for every target."""

    def in_images(self) -> bool:
        """Whether NGINX's files lie in images of the sites, not on a machine."""

    def check(self, settings: Settings) -> Iterator[Mistake]:
        """What is wrong with settings that are right by themselves, but not on this target."""

    def adapt(self, settings: Settings, site: Site) -> Settings:
        """The settings that the release of `site` is made with."""

    def complete(self, settings: Settings) -> Complete | None:
        """What adds to a build context what the image needs on this target; None where it needs nothing."""

    def describe(self, settings: Settings) -> Describe:
        """What tells the containers of a release as plain values: its id is made of them."""

    def keep_clients(self, settings: Settings, site: Site) -> str:
        """What to write so that all requests of a client reach the same replica of `site`, "" where they do."""

    def render(self, plan: Planned, layout: str) -> Tree:
        """NGINX's files in the layout of that name (config/render/layout.py)."""
