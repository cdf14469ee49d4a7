"""The only module that reads Pulumi's configuration."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG

from config.digest import digest_files
from config.private import Private, read_private
from config.release import Release, make_release
from config.render import render_nginx
from config.settings import Mistake, Mistakes, Settings, check_secrets
from config.source import read_source
from config.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack's settings, the releases they make of the sources, and NGINX's files for those.

    `private` holds certificates' keys and password hashes: never log it.
    """

    settings: Settings
    releases: tuple[Release, ...]
    tree: Tree
    private: Private
    secrets: Mapping[str, pulumi.Output[Mapping[str, str]]] = field(repr=False)


def load(root: Path) -> Stack:
    """Read and check the configuration of the current stack; paths in it count from `root`.

    Raises pulumi.RunError with every mistake, before any resource is registered.
    """
    try:
        return _load(root)
    except Mistakes as mistakes:
        raise pulumi.RunError(str(mistakes)) from None


def _load(root: Path) -> Stack:
    values = _read_values()
    secrets = values.pop("secrets", {})
    mistakes: list[Mistake] = []
    try:
        settings = Settings.read(values, root)
    except Mistakes as found:
        mistakes += found.all
    sites = values.get("sites")
    names = [str(site.get("name")) for site in sites if isinstance(site, dict)] if isinstance(sites, list) else []
    if isinstance(secrets, dict):
        mistakes += check_secrets(secrets, names)
    else:
        mistakes.append(Mistake("secrets", "does not fit; write site: NAME: text"))
    if mistakes:
        raise Mistakes(mistakes)
    private = read_private(settings, root)
    program = digest_files(read_source(Path(__file__).parent.parent / "components"))
    releases = tuple(make_release(settings, site, root, secrets.get(site.name, {}), program) for site in settings.sites)
    return Stack(
        settings=settings,
        releases=releases,
        tree=render_nginx(settings, releases, private=private.digest),
        private=private,
        secrets={name: pulumi.Output.secret(value) for name, value in secrets.items()},
    )


def _read_values() -> dict[str, Any]:
    """All of this project's configuration as plain values, keyed as in the stack file."""
    project = f"{pulumi.get_project()}:"
    values: dict[str, Any] = {}
    for key, text in CONFIG.get().items():
        if key.startswith(project):
            values[key.removeprefix(project)] = _parse(text)
    return values


def _parse(text: str) -> Any:
    """Pulumi hands over texts: what is JSON is a number, a truth value or structure, the rest is a text."""
    try:
        return json.loads(text)
    except (json.JSONDecodeError, TypeError):
        return text
