"""Portico beside the other resources of a user's own Pulumi program."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi.output import UNKNOWN, Unknown

from portico.components.deploy import deploy
from portico.components.previous_outputs import read_resources
from portico.components.project import find_root
from portico.components.scope import scope
from portico.components.shutdown import expect_verdict, settle
from portico.components.state_disk import require_disk_space
from portico.config.load import make_stack
from portico.config.mistake import Mistake, Mistakes, join_path
from portico.config.secure_values import find_values

_TYPE = "portico:index:Program"
# Stands for a secret that only the update will know: a preview shows the release that another value makes.
_LATER = "known only while it is deployed"


@dataclass(frozen=True, kw_only=True)
class Site:
    """One Flask application, where its source is and which host names it answers to.

    `source` is its folder, from Pulumi.yaml. `entry` is the WSGI entry, such as `shop.web:app`. `secrets` are files of
    these names below /run/secrets; a value may be an Output, and another value is another release. `secrets_as` is
    "files", "environment" (each one is also a variable of the application), or one of the two by name. `environment` is
    for what everybody may read. `replicas` are containers, the stack's number where not set. `settings` are all others
    of docs/settings.md below `sites[]`, as in a stack file: {"staticUrl": "/assets/", "gunicorn": {"workers": 3}}.
    """

    name: str
    source: str
    entry: str
    hosts: Sequence[str]
    health: str | None = None
    replicas: int | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, pulumi.Input[str]] = field(default_factory=dict, repr=False)
    secrets_as: str | Mapping[str, str] | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def spell(self) -> dict[str, Any]:
        """The site as a stack file says it, without its secrets."""
        said = {
            "name": self.name,
            "source": self.source,
            "entry": self.entry,
            "hosts": [*self.hosts],
            "health": self.health,
            "replicas": self.replicas,
            "environment": dict(self.environment) or None,
            "secretsAs": dict(self.secrets_as) if isinstance(self.secrets_as, Mapping) else self.secrets_as,
        }
        return {key: value for key, value in said.items() if value is not None} | dict(self.settings)


class Portico(pulumi.ComponentResource):
    """Flask applications behind one NGINX, or on ECS behind one load balancer.

    `settings` are those of docs/settings.md without the prefix `portico:`, as in a stack file: {"port": 8080}. A stack
    file is not read. Each Portico of a program has a name, a port and an NGINX of its own.

    Outputs: `url` (of the first site), `urls` ({site: url}), `address` (what DNS is to lead to), `releases`
    ({site: release id}); they are known once everything is live. Raises pulumi.RunError with every mistake in the
    settings, before anything is changed; a value that only the update knows delays that until it is known.
    """

    url: pulumi.Output[str]
    urls: pulumi.Output[dict[str, str]]
    address: pulumi.Output[str]
    releases: pulumi.Output[dict[str, str]]

    def __init__(
        self,
        name: str,
        *,
        sites: Sequence[Site],
        settings: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__(_TYPE, name, None, opts)
        secrets = {site.name: dict(site.secrets) for site in sites if site.secrets}
        values = {**(settings or {}), "sites": [site.spell() for site in sites]}
        if wrong := [*_list_outputs(values)]:
            raise pulumi.RunError(str(Mistakes(wrong)))
        later = any(isinstance(value, pulumi.Output) for given in secrets.values() for value in given.values())
        made: pulumi.Output[dict[str, Any]]
        if later:
            # The release is named by them too, so nothing of it can be made before.
            preview = pulumi.runtime.is_dry_run()
            if not preview:
                expect_verdict()
            reported: pulumi.Output[Any] = pulumi.Output.from_input(secrets)
            made = reported.apply(
                lambda known: self._deploy(name, values, _fill(known, secrets), waited=not preview),
                run_with_unknowns=preview,
            )
        else:
            made = self._deploy(name, values, secrets)
        # It is marked as secret by what it was made of, and none of these is.
        made = pulumi.Output.unsecret(made)
        self.url, self.urls, self.address, self.releases = (made[key] for key in ("url", "urls", "address", "releases"))
        # Internal: the next update compares itself with it. It is long; marked secret so that the CLI collapses it.
        self.register_outputs(
            {
                "url": self.url,
                "urls": self.urls,
                "address": self.address,
                "releases": self.releases,
                "last": pulumi.Output.secret(made),
            }
        )

    def _deploy(
        self, name: str, values: Mapping[str, Any], secrets: Mapping[str, Any], *, waited: bool = False
    ) -> pulumi.Output[dict[str, Any]]:
        """Everything of these settings; its outputs."""
        root = find_root()
        require_disk_space(root)
        with scope(name, self):
            previous = read_own(name)
            stack = make_stack({**values, **({"secrets": secrets} if secrets else {})}, root, previous.get("history"))
            found: pulumi.Output[dict[str, Any]] = pulumi.Output.from_input(dict(deploy(stack, root, previous).outputs))
        if waited:
            settle()
        return found


def _list_outputs(values: Mapping[str, Any]) -> Iterator[Mistake]:
    """Outputs among the settings: these are plain, stand in the state in plain text, and make the files of NGINX."""
    for path in find_values(values, lambda one: isinstance(one, pulumi.Output)):
        if len(path) == 4 and (path[0], path[2]) == ("sites", "environment"):
            way = f'secrets={{"{path[3]}": …}}, secrets_as={{"{path[3]}": "environment"}}'
            said = f"is an Output, and what stands in the environment is in plain text everywhere; write Site({way})"
        else:
            said = "is an Output, and settings are known before Pulumi deploys; write a plain value"
        yield Mistake(join_path(path), said)


def read_own(name: str) -> Mapping[str, Any]:
    """The outputs of the Portico of this name as the last good update left them, {} before the first one."""
    for urn, one in read_resources().items():
        if urn.endswith(f"{_TYPE}::{name}"):
            last: Mapping[str, Any] = one["outputs"].get("last") or {}
            return last
    return {}


def _fill(known: Any, given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """The values of the secrets that were given, with a word for each that is not known yet."""
    found: dict[str, dict[str, str]] = {}
    for site, names in given.items():
        values = {} if isinstance(known, Unknown) or isinstance(known[site], Unknown) else known[site]
        found[site] = {
            name: _LATER if isinstance(values.get(name, UNKNOWN), Unknown) else values[name] for name in names
        }
    return found
