"""`portico logs` on ECS: what the containers of its tasks print, from their streams in CloudWatch."""

import time
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from portico.cli.deployed import RELEASE as RELEASE_PROCESS
from portico.cli.deployed import WEB
from portico.cli.deployed_tasks import DeployedTasks
from portico.cli.refused import Refused
from portico.cli.spelling import spell_option
from portico.components.aws_command import AwsError, ask
from portico.config.task_names import BY_HAND, RELEASE

# What containers are called, where that is not the name of their process.
_WEB: Final = ("gunicorn", "nginx", "users", "secrets", "data")
_NAMES: Final = {RELEASE: RELEASE_PROCESS, BY_HAND: "exec", **dict.fromkeys(_WEB, WEB)}
_STREAMS: Final = "50"  # the newest that are looked at, of each site
_ALL: Final = "10000"  # lines that AWS gives at once
_PAUSE, _LATE = 2.0, 15  # seconds between two looks, and that a line may be late
_ASKERS: Final = 4  # questions at once; each takes a second of a processor


@dataclass(frozen=True)
class Line:
    """A line of a stream; `at` is in milliseconds since 1970."""

    stream: str
    at: int
    text: str

    def show(self) -> None:
        """Print it, with where it is from."""
        print(f"{self.stream} | {self.text}", flush=True)


def show_logs(deployed: DeployedTasks, sites: Collection[str], process: str, tail: str, *, follow: bool) -> None:
    """Print the last lines of each container, and with `follow` go on. Raises Refused."""
    try:
        began = int(time.time() * 1000)
        with ThreadPoolExecutor(_ASKERS) as askers:
            shown = [*_show_last(deployed, sites, process, tail, askers)]
        if follow:
            _go_on(deployed, sites, process, began, shown)
    except AwsError as error:
        raise Refused(str(error)) from None


def _show_last(
    deployed: DeployedTasks, sites: Collection[str], process: str, tail: str, askers: ThreadPoolExecutor
) -> Iterator[Line]:
    running = _list_running(deployed)
    for site in sites:
        group = deployed.groups[site]
        streams = [*_choose(_list_streams(deployed.cluster.region, group, site), running, site, process)]
        for lines in askers.map(lambda one, group=group: _read(deployed.cluster.region, group, one, tail), streams):
            for line in lines:
                line.show()
                yield line


def _choose(streams: list[str], running: Collection[str], site: str, process: str) -> Iterator[str]:
    """Those of tasks that run; of a container that no such task has, the last one. `streams` are the newest first."""
    known = {_name_process(one): None for one in streams}
    if process and process not in known:
        how = f"write {spell_option('process')} and one of: {' '.join(sorted(known))}" if known else "nor of others"
        raise Refused(f'{site} has no logs of a process "{process}", {how}')
    found: dict[str, list[str]] = {}
    for stream in streams:
        if process in ("", _name_process(stream)):
            found.setdefault(stream.split("/")[1], []).append(stream)
    for own in found.values():
        yield from sorted(one for one in own if one.rpartition("/")[2] in running) or own[:1]


def _go_on(deployed: DeployedTasks, sites: Collection[str], process: str, began: int, shown: list[Line]) -> None:
    """Show new lines until the user interrupts it."""
    seen = set(shown)
    while True:
        time.sleep(_PAUSE)
        since = began - _LATE * 1000
        began = int(time.time() * 1000)
        found: list[Line] = []
        for site in sites:
            words = ("--log-group-name", deployed.groups[site], "--start-time", str(since))
            reported = ask(deployed.cluster.region, "logs", "filter-log-events", *words)
            found += [
                line
                for line in (_spell(str(one["logStreamName"]), one) for one in reported.get("events") or [])
                if process in ("", _name_process(line.stream))
            ]
        for line in found:
            if line not in seen:
                line.show()
        # Older lines are not asked for again.
        seen = {line for line in {*seen, *found} if line.at >= since}


def _list_streams(region: str, group: str, site: str) -> list[str]:
    words = ("--order-by", "LastEventTime", "--descending", "--max-items", _STREAMS)
    reported = ask(region, "logs", "describe-log-streams", "--log-group-name", group, *words)
    names = [str(one["logStreamName"]) for one in reported.get("logStreams") or []]
    return [name for name in names if name.startswith(f"{site}/") and name.count("/") == 2]


def _list_running(deployed: DeployedTasks) -> set[str]:
    reported = ask(deployed.cluster.region, "ecs", "list-tasks", "--cluster", deployed.cluster.arn)
    return {str(one).rpartition("/")[2] for one in reported.get("taskArns") or []}


def _read(region: str, group: str, stream: str, tail: str) -> list[Line]:
    limit = _ALL if tail == "all" else str(min(max(int(tail), 1), int(_ALL)))
    words = ("--log-group-name", group, "--log-stream-name", stream, "--limit", limit)
    reported = ask(region, "logs", "get-log-events", *words)
    return [_spell(stream, one) for one in reported.get("events") or []] if tail != "0" else []


def _spell(stream: str, event: dict[str, Any]) -> Line:
    return Line(stream, int(event["timestamp"]), str(event["message"]).rstrip("\n"))


def _name_process(stream: str) -> str:
    container = stream.split("/")[1]
    return _NAMES.get(container, container)
