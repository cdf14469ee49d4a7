"""A whole stack for the tests of components/: two sites, one of them with a secret."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi

from portico.components.docker.engine_client import Engine
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.config.load import Stack
from portico.config.release.assemble import make_release
from portico.config.release.history import Record
from portico.config.render.nginx import render_nginx
from portico.config.tls.nginx_secrets import read_private
from tests.components.recorder import Recorder, Resource, run
from tests.config.sample import make_site, read_settings

SECRET = "correct horse battery staple"
BLOG = make_site(name="blog", hosts=["*.blog.example", "blog.example"], replicas=1, gunicorn={"timeout": "50s"})
TLS = {"localAuthority": True}


@dataclass(frozen=True)
class WithImages(Engine):
    """An engine that only knows which images it has, and has no container; None: it does not answer."""

    images: Collection[str] | None = ()

    def limit_processes(self, most: Mapping[str, int]) -> None:
        """Nothing: it has no containers."""

    def connect(self) -> Any:
        if self.images is None:
            raise OSError("nobody answers")
        listed = [{"RepoTags": list(self.images)}]
        return SimpleNamespace(api=SimpleNamespace(images=lambda: listed, containers=lambda **_: []))


def make_stack(root: Path, *sites: Any, secrets: Mapping[str, Mapping[str, str]] | None = None, **stack: Any) -> Stack:
    """A stack as `load` would make it."""
    settings = read_settings(root, *sites, **stack)
    given = secrets or {}
    releases = tuple(make_release(settings, site, root, given.get(site.name, {})) for site in settings.sites)
    private = read_private(settings, root)
    return Stack(
        settings=settings,
        releases=releases,
        tree=render_nginx(settings, releases, private=private.digest),
        private=private,
        secrets={name: pulumi.Output.secret(dict(values)) for name, values in given.items()},
    )


def deploy(
    root: Path,
    *sites: Any,
    secrets: Mapping[str, Mapping[str, str]] | None = None,
    states: Mapping[str, dict[str, Any]] | None = None,
    seen: list[Resource] | None = None,
    history: Mapping[str, tuple[Record, ...]] | None = None,
    pinned: Mapping[str, str] | None = None,
    images: Collection[str] | None = None,
    known: Mapping[str, Any] | None = None,
    **stack: Any,
) -> Recorder:
    """Everything that a stack registers; `states` and `seen` as in `run`, `known` are the stack's resources.

    `images` are those on the engine, None where nobody knows.
    """

    def build() -> None:
        made = make_stack(root, *sites, secrets=secrets, **stack)
        made = replace(made, history=history or {}, pinned=pinned or {})
        Portico("portico", PorticoArgs(stack=made, root=root, engine=WithImages(images=images), resources=known or {}))

    return run(build, states=states, seen=seen)


def deploy_both(root: Path, **stack: Any) -> Recorder:
    """The stack of two sites."""
    return deploy(root, make_site(), BLOG, secrets={"shop": {"KEY": SECRET}}, **stack)
