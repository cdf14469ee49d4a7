"""What follows from the values of a stack file: without Pulumi, so that it can be seen before anything runs."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from portico.config.advice import advise_settings
from portico.config.backups import check_secrets as check_backup_secrets
from portico.config.backups import list_files as list_backup_files
from portico.config.checks import check_settings
from portico.config.messages.unpublished import tell_unpublished
from portico.config.ordered_names import advise_ports
from portico.config.release.assemble import assemble_release, make_release
from portico.config.release.history import History, Record, hold, keep_pinned, read_history, remember, tell_earlier
from portico.config.release.release import Release
from portico.config.render.tree import Tree
from portico.config.secret_names import check_account, check_dns_key, check_secrets, keep_texts
from portico.config.secret_variables import list_wrong_variables
from portico.config.services.checks import list_taken_variables
from portico.config.services.managed import advise_connections
from portico.config.services.urls import add_urls
from portico.config.settings import Mistake, Mistakes, Settings
from portico.config.source.build import check_sources
from portico.config.source.files import tell_unreadable
from portico.config.source.origins import list_lacking, list_wrong_origins, without_tokens
from portico.config.source.realtime import advise
from portico.config.targets import find_target
from portico.config.tls.nginx_secrets import Private, read_private

# What Portico's keys begin with in a stack file, whatever the project is called.
NAMESPACE = "portico"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Checked settings and the releases they make of the sources.

    `pinned` are the sites that stay at an earlier release, with its record; `earlier` is the history so far,
    `sites` the plain settings of each site. `private` and `secrets` hold what nobody may read: never log them.
    """

    settings: Settings
    releases: tuple[Release, ...]
    private: Private
    secrets: Mapping[str, Mapping[str, str]] = field(repr=False)
    pinned: Mapping[str, Record] = field(default_factory=dict)
    earlier: History = field(default_factory=dict)
    sites: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)

    def render(self, layout: str = "conf.d") -> Tree:
        """NGINX's files in the layout of that name; on ECS those of each site, below a folder of its name."""
        return find_target(self.settings).render(self, layout)

    def advise(self) -> list[str]:
        """What does not fit, and is refused nowhere: a sentence each."""
        keep = find_target(self.settings).keep_clients
        said = (advise(one.site, one.requires, keep(self.settings, one.site)) for one in self.releases)
        hidden = map(tell_unpublished, self.releases)
        connections = advise_connections(self.settings)
        written = advise_settings(self.settings, {name: [*given] for name, given in self.secrets.items()})
        return [one for one in (advise_ports(self.settings), *written, *said, *hidden, *connections) if one]

    def remember(self, at: str) -> History:
        """The history once these releases are live; `at` is the time (UTC) that new ones get."""
        keep, found = self.settings.keep_releases, {}
        for release in self.releases:
            name = release.site.name
            earlier = self.earlier.get(name, ())
            if name in self.pinned:
                found[name] = keep_pinned(earlier, self.pinned[name], keep)
            else:
                found[name] = remember(earlier, Record.of(release, self.sites[name], at), keep)
        return found


def make_plan(values: Mapping[str, Any], root: Path, history: Any = None) -> Plan:
    """Check `values`, as a stack file holds them, and read the sources; paths count from `root`.

    `history` is the stack's output of that name: a site that `rollback` names is made from there,
    and its source is not looked at. Raises Mistakes with every mistake.
    """
    earlier = read_history(history)
    values, pinned, mistakes = hold(values, earlier)
    secrets = values.pop("secrets", {})
    account, dns = values.pop("eabKey", None), values.pop("dnsKey", None)
    backup = {key: values.pop(key, None) for key in ("backupKey", "backupAccess")}
    texts = keep_texts(secrets)

    def tell_secrets(settings: Settings) -> Iterator[Mistake]:
        yield from list_lacking(settings, texts)
        yield from list_taken_variables(settings, texts)
        yield from list_wrong_variables(settings, texts)
        yield from check_account(settings, account)
        yield from check_dns_key(settings, dns)
        yield from check_backup_secrets(settings, *backup.values())

    settings: Settings | None = None
    try:
        settings = check_settings(values, root, pinned, tell_secrets)
    except Mistakes as found:
        mistakes += [*tell_earlier(found.all, values, pinned), *check_sources(values.get("sites"), root, pinned)]
    except OSError as error:
        # A source is looked at, too: its requirements, and the module of its entry.
        mistakes.append(tell_unreadable(error))
    sites = values.get("sites")
    names = [str(site.get("name")) for site in sites if isinstance(site, dict)] if isinstance(sites, list) else []
    mistakes += check_secrets(secrets, names)
    if settings:
        mistakes += list_wrong_origins(settings, root, pinned)
    if mistakes or settings is None:
        raise Mistakes(mistakes)
    secrets = add_urls(settings, secrets)
    private = read_private(settings, root, str(account or ""), str(dns or ""))
    if settings.backups:
        files = list_backup_files(settings.backups, *(str(one or "") for one in backup.values()))
        private = replace(private, backups=files)
    target = find_target(settings)
    complete, describe = target.complete(settings), target.describe(settings)
    releases: list[Release] = []
    for site in settings.sites:
        alone = target.adapt(settings, site)
        one = next(found for found in alone.sites if found.name == site.name)
        given = {name: text for name, text in secrets.get(site.name, {}).items() if name not in site.build_secrets}
        tokens = {name: text for name, text in secrets.get(site.name, {}).items() if name in site.build_secrets}
        if record := pinned.get(site.name):
            pinned_static = record.static or None
            words = tuple(json.loads(record.entrypoint or "[]"))
            releases.append(
                assemble_release(alone, one, record.image, pinned_static, given, describe=describe, entrypoint=words)
            )
            continue
        try:
            releases.append(make_release(alone, one, root, given, complete, describe, tokens))
        except Mistakes as found:
            mistakes += found.all
        except OSError as error:
            mistakes.append(tell_unreadable(error))
    if mistakes:
        raise Mistakes(mistakes)
    return Plan(
        settings=settings,
        releases=tuple(releases),
        private=private,
        secrets=without_tokens(settings, secrets),
        pinned=pinned,
        earlier=earlier,
        sites={site["name"]: site for site in values["sites"]},
    )


def parse_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """Portico's part of a stack's configuration as plain values, keyed as in the stack file.

    Pulumi hands over texts: what is JSON is a number, a truth value or structure, the rest is a text.
    """
    prefix = f"{NAMESPACE}:"
    return {key.removeprefix(prefix): _parse(text) for key, text in texts.items() if key.startswith(prefix)}


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        # Also a number of five thousand digits, or as many brackets: as a text it fits no setting.
        return text
