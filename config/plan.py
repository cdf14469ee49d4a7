"""What follows from the values of a stack file: without Pulumi, so that it can be seen before anything runs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from config.digest import digest_files
from config.layout import lay_out
from config.private import Private, read_private
from config.release import Release, make_release
from config.render import render_nginx
from config.settings import Mistake, Mistakes, Settings, check_secrets
from config.source import read_source
from config.tree import Tree


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Checked settings and the releases they make of the sources.

    `private` and `secrets` hold what nobody may read: never log them.
    """

    settings: Settings
    releases: tuple[Release, ...]
    private: Private
    secrets: Mapping[str, Mapping[str, str]] = field(repr=False)

    def render(self, layout: str = "conf.d") -> Tree:
        """NGINX's files in the layout of that name."""
        return render_nginx(self.settings, self.releases, lay_out(self.settings, layout), private=self.private.digest)


def make_plan(values: Mapping[str, Any], root: Path) -> Plan:
    """Check `values`, as a stack file holds them, and read the sources; paths count from `root`.

    Raises Mistakes with every mistake.
    """
    values = dict(values)
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
    return Plan(settings=settings, releases=releases, private=private, secrets=secrets)


def parse_values(texts: Mapping[str, str], project: str) -> dict[str, Any]:
    """The configuration of one project as plain values, keyed as in the stack file.

    Pulumi hands over texts: what is JSON is a number, a truth value or structure, the rest is a text.
    """
    prefix = f"{project}:"
    return {key.removeprefix(prefix): _parse(text) for key, text in texts.items() if key.startswith(prefix)}


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, TypeError):
        return text
