"""The last runs of a site's jobs, from the record of the container that runs them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from docker.errors import DockerException

from portico.cli.deployed import Deployed
from portico.components.docker.container_file import read_file
from portico.config.release.replica import SOCKETS
from portico.config.release.worker import ROLE
from portico.config.settings.processes import SCHEDULE

# Of each job, those that are shown to people.
_SHOWN: Final = 3

Runs = list[dict[str, Any]]


def read_runs(deployed: Deployed, site: str) -> Runs:
    """The last runs of all jobs of `site`, the oldest first; none where nothing runs jobs, or nothing is known yet."""
    try:
        for one in deployed.list_containers(role=ROLE, site=site, process=SCHEDULE):
            runs: Runs = json.loads(read_file(one, f"{SOCKETS}/{site}/schedule/schedule.json"))["runs"]
            return runs
    except (DockerException, OSError, ValueError, KeyError):
        # `status` reports an engine that does not answer.
        return []
    return []


def tell_runs(runs: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A line for each of the last runs of each job, the newest first."""
    for job in dict.fromkeys(run["job"] for run in runs):
        for run in [one for one in reversed(runs) if one["job"] == job][:_SHOWN]:
            yield f"  {job} of {run['due']}: {_tell(run)}"


def _tell(run: Mapping[str, Any]) -> str:
    release = f" (release {run['release']})" if run.get("release") else ""
    code = f"with exit code {run.get('code')} after {run.get('seconds')} s{release}"
    reported = {
        "running": f"runs since {run.get('start')}{release}",
        "ended": f"ended {code}",
        "timeout": f"took too long and was ended, {code}",
        "replaced": f"was ended by the next one, {code}" if "code" in run else "gave way to the next one",
        "failed": f"could not be run: {run.get('why')}{release}",
        "skipped": "was skipped, since the run before it had not ended",
        "missed": f"was missed with all since {run.get('first')} ({run.get('count')}): no container ran",
        "lost": f"was cut short: its container ended first{release}",
    }
    return reported.get(str(run["outcome"]), str(run["outcome"]))
