"""The only module that reads Pulumi's configuration."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime.config import CONFIG, is_config_secret

from portico.config.namespace import add_misplaced, list_misplaced
from portico.config.placeholders import list_placeholders
from portico.config.plan import NAMESPACE, make_plan, parse_values
from portico.config.release.history import History
from portico.config.release.release import Release
from portico.config.render.tree import Tree
from portico.config.secure_values import SECRET, list_exposed
from portico.config.settings import Mistake, Mistakes, Settings
from portico.config.stackfile import UnreadableStack, list_outside, read_written
from portico.config.tls.nginx_secrets import Private
from portico.config.yaml_date import list_dates


@dataclass(frozen=True, kw_only=True)
class Stack:
    """A stack's settings, the releases they make of the sources, and NGINX's files for those.

    `history` is what it will be once these releases are live; `pinned` are the sites that stay at a
    earlier release, and its id. `private` holds certificates' keys and password hashes: never log it.
    """

    settings: Settings
    releases: tuple[Release, ...]
    tree: Tree
    private: Private
    secrets: Mapping[str, pulumi.Output[Mapping[str, str]]] = field(repr=False)
    history: History = field(default_factory=dict)
    pinned: Mapping[str, str] = field(default_factory=dict)


def load(root: Path, history: Any = None) -> Stack:
    """Read and check the configuration of the current stack; paths in it count from `root`.

    `history` is the stack's output of that name, as the last good update left it.
    Raises pulumi.RunError with every mistake, before any resource is registered.
    """
    texts = CONFIG.get()
    values = parse_values(texts)
    misplaced = [*list_misplaced(texts, pulumi.get_project()), *_list_outside(root)]
    wrong = [*_list_exposed(values, root), *list_placeholders(values)]
    wrong += list_dates({key: value for key, value in values.items() if key not in SECRET})
    secrets = values.get("secrets")
    if isinstance(secrets, Mapping) and any(secrets.values()) and not is_config_secret(f"{NAMESPACE}:secrets"):
        pulumi.log.warn(
            f"portico:secrets is in plain text in Pulumi.{pulumi.get_stack()}.yaml, readable by all who may read "
            "that file; "
            "set each one with pulumi config set --secret --path portico:secrets.SITE.NAME"
        )
    for key in ("backupKey", "backupAccess"):
        if key in values and not is_config_secret(f"{NAMESPACE}:{key}"):
            pulumi.log.warn(
                f"portico:{key} is in plain text in Pulumi.{pulumi.get_stack()}.yaml, readable by all who may read "
                "that file; "
                f"set it with pulumi config set --secret portico:{key}"
            )
    return make_stack(values, root, history, wrong, misplaced)


def _list_outside(root: Path) -> list[Mistake]:
    try:
        return [*list_outside(root, pulumi.get_stack())]
    except UnreadableStack:
        # As in `_list_exposed`.
        return []


def _list_exposed(values: Mapping[str, Any], root: Path) -> Iterator[Mistake]:
    """What is encrypted in the configuration and is no secret of Portico's."""
    keys = [key for key in values if key not in SECRET and is_config_secret(f"{NAMESPACE}:{key}")]
    if keys:
        try:
            written = read_written(root, pulumi.get_stack())
        except UnreadableStack:
            # Pulumi has read it, by an option of its own from elsewhere: then the keys are reported, and no place in
            # them.
            written = {}
        yield from list_exposed(written, keys)


def make_stack(
    values: Mapping[str, Any],
    root: Path,
    history: Any = None,
    wrong: Sequence[Mistake] = (),
    misplaced: Sequence[Mistake] = (),
) -> Stack:
    """Check values as a stack file holds them, and read the sources; paths count from `root`.

    `history` is what the last good update left, `wrong` are mistakes that were found before, `misplaced` those of
    settings that stand where nobody reads them. Raises pulumi.RunError with every mistake.
    """
    try:
        try:
            plan = make_plan(values, root, history)
        except Mistakes as found:
            raise Mistakes(add_misplaced(misplaced, [*wrong, *found.all])) from None
        if wrong or misplaced:
            raise Mistakes([*misplaced, *wrong])
        if plan.settings.upstream == "tcp":
            # Each container has a loopback of its own: NGINX would find nobody there.
            text = '"tcp" is for NGINX and Gunicorn on one machine (make render); write socket or container'
            raise Mistakes([Mistake("upstream", text)])
    except Mistakes as mistakes:
        raise pulumi.RunError(str(mistakes)) from None
    for said in plan.advise():
        pulumi.log.warn(said)
    return Stack(
        settings=plan.settings,
        releases=plan.releases,
        tree=plan.render(),
        private=plan.private,
        secrets={name: pulumi.Output.secret(value) for name, value in plan.secrets.items() if value},
        history=plan.remember(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")),
        pinned={site: record.release for site, record in plan.pinned.items()},
    )
