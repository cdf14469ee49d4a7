"""Which release commands of a stack on ECS are not run again."""

from collections.abc import Mapping
from typing import Any

import pulumi

from portico.components.aws_command import AwsError
from portico.components.parameter_record import PARAMETER, RECORD, read_runs
from portico.components.scope import name_owner
from portico.config.load import Stack
from portico.config.release.release_command import key_command


def name_parameter(site: str) -> str:
    """Where the record of a site lies. Names that begin with aws or ssm are AWS's own, so the first word is ours."""
    return f"/portico/{name_owner()}/{pulumi.get_stack()}/{site}/{RECORD}"


def read_done(stack: Stack, resources: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """For a preview: the keys of release commands that are not run again, by site.

    `resources` are those of the last update: where they hold no record, AWS is not asked. A site that is pinned to an
    earlier release runs none. Raises pulumi.RunError where AWS does not answer.
    """
    assert stack.settings.ecs
    known = {str(one["outputs"].get("name")) for one in resources.values() if one["type"] == PARAMETER}
    found: dict[str, frozenset[str]] = {}
    for release in stack.releases:
        site = release.site.name
        if not release.site.release:
            continue
        if site in stack.pinned:
            found[site] = frozenset({key_command(release)})
        elif (parameter := name_parameter(site)) in known:
            try:
                runs = read_runs(stack.settings.ecs.region, parameter)
            except AwsError as error:
                raise pulumi.RunError(f"{site}: which release commands were run cannot be read: {error}") from None
            found[site] = frozenset(run.key for run in runs if run.code == 0)
    return found
