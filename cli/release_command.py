"""The last run of a site's release command, from the record on the machine."""

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from docker.errors import DockerException

from portico.cli.deployed import Deployed
from portico.cli.engine import Export, list_resources
from portico.components.aws_command import AwsError
from portico.components.docker.container_file import read_file
from portico.components.parameter_record import PARAMETER, RECORD, read_runs
from portico.config.release.command_record import Ran, name_record, read_record
from portico.config.release.release_command import ROLE


def read_last_runs(deployed: Deployed, sites: Collection[str]) -> dict[str, Ran]:
    """The last run of each release command, by site: of `sites`, and of others whose first release it made fail."""
    found: dict[str, Ran] = {}
    try:
        # Each has the volume with the record: NGINX of all sites, and where there is none yet, what ran of each.
        edges = deployed.list_containers(role="nginx")
        own = {str(one.labels.get("portico.site")): one for one in deployed.list_containers(role=ROLE)}
    except (DockerException, OSError):
        # `status` reports an engine that does not answer.
        return {}
    for site in dict.fromkeys([*sites, *own]):
        for container in [own[site]] if site in own else edges[:1]:
            # It has no release command, or none came to an end yet.
            with suppress(DockerException, OSError, ValueError):
                *_, found[site] = read_record(read_file(container, name_record(site)))
    return found


def read_last_task_runs(export: Export) -> dict[str, Ran]:
    """The same of a stack on ECS: AWS keeps the record there. Nothing where AWS does not answer."""
    found: dict[str, Ran] = {}
    for one in list_resources(export, PARAMETER):
        reported = one.get("outputs") or {}
        *_, site, last = str(reported.get("name")).split("/")
        if last != RECORD:
            continue
        # No such command came to an end yet, or nobody answers: status tells what can be seen.
        with suppress(AwsError, ValueError):
            *_, found[site] = read_runs(str(reported.get("arn")).split(":")[3], str(reported["name"]))
    return found


def tell_run(run: Ran) -> str:
    """A line for people."""
    command = f"`{run.command}` " if run.command else ""
    release = f" (release {run.release})" if run.release else ""
    return f"  release command of {run.start}: {command}ended with exit code {run.code} after {run.seconds} s{release}"


def spell_run(run: Ran) -> dict[str, Any]:
    """The same for a script."""
    return {
        "release": run.release or None,
        "command": run.command or None,
        "code": run.code,
        "start": run.start,
        "seconds": run.seconds,
    }
