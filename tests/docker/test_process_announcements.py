"""What a preview announces of a release command, workers, jobs and data is what the update then does."""

import re
from dataclasses import dataclass
from typing import Any, Final

import pytest

from tests.docker.applications import small, write_small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.traffic import light

pytestmark = [pytest.mark.docker, pytest.mark.soak, pytest.mark.timeout(1800)]
Reported = set[tuple[str, str]]

STORE: Final = {"name": "store", "path": "/store"}
COMMAND: Final = {"command": "sh -c 'echo run >>/store/runs'"}
QUEUE: Final = {"name": "queue", "command": "sleep 3600", "stop": "2s"}
BEAT: Final = {"name": "beat", "command": "sleep 3600", "single": True, "stop": "2s"}
JOB: Final = {"name": "nightly", "cron": "0 3 * * *", "command": "true"}

# What the sentences say, and of which processes or data: names where they are given.
SAYS: Final = {
    "command": r"It runs `()",
    "starts": r"Its workers? ([\w, -]+?) starts? once it is live",
    "replaced": r"Its worker ([\w-]+)(?:: a new one starts| ends \(within)",
    "ends": r"Its workers? ([\w, -]+?) ends? (?:last|before)",
    "data": r"its data ([\w-]+) begins at",
}


@dataclass(frozen=True)
class Sight:
    """What is there: ids of each worker's containers, how often the release command ran, the names of the data."""

    workers: dict[str, set[str]]
    runs: int
    data: set[str]


def look(deployment: Deployment) -> Sight:
    workers: dict[str, set[str]] = {}
    for one in deployment.containers("worker"):
        workers.setdefault(one.labels["portico.process"], set()).add(str(one.id))
    replica = deployment.containers("gunicorn", "shop")[0]
    runs = execute(replica, "sh", "-c", "wc -l /store/runs 2>/dev/null || echo 0").split()[0]
    prefix = f"volume portico.{deployment.name}.shop."
    data = {one.removeprefix(prefix) for one in deployment.leftovers() if one.startswith(prefix)}
    return Sight(workers, int(runs), data)


def compare(before: Sight, after: Sight) -> Reported:
    """What an update has done."""
    assert after.runs - before.runs in (0, 1)
    reported: Reported = {("command", "")} if after.runs > before.runs else set()
    reported |= {("starts", name) for name in after.workers.keys() - before.workers.keys()}
    reported |= {("ends", name) for name in before.workers.keys() - after.workers.keys()}
    reported |= {("data", name) for name in after.data - before.data}
    for name in before.workers.keys() & after.workers.keys():
        if before.workers[name] != after.workers[name]:
            assert not before.workers[name] & after.workers[name], f"some of {name} stayed"
            reported.add(("replaced", name))
    return reported


def read(output: str) -> Reported:
    """What a preview announces."""
    return {
        (kind, name) for kind, said in SAYS.items() for names in re.findall(said, output) for name in names.split(", ")
    }


STEPS: Final[list[tuple[str, Any, Reported]]] = [
    ("a release command", {"release": COMMAND}, {("command", "")}),
    ("a worker", {"workers": [QUEUE]}, {("starts", "queue")}),
    ("another command of it", {"workers": [{**QUEUE, "command": "sleep 3601"}]}, {("replaced", "queue")}),
    ("a single worker", {"workers": [QUEUE, BEAT]}, {("starts", "beat"), ("replaced", "queue")}),
    ("a job", {"schedule": [JOB]}, {("starts", "schedule")}),
    (
        "a variable",
        {"environment": {"STAGE": "second"}},
        {("command", ""), ("replaced", "queue"), ("replaced", "beat")},
    ),
    ("replicas", {"replicas": 2}, set()),
    ("data", {"data": [STORE, {"name": "media", "path": "/media"}]}, {("data", "media")}),
    ("a job less", {"schedule": []}, {("ends", "schedule")}),
    ("a worker less", {"workers": [BEAT]}, {("ends", "queue")}),
    ("nothing", {}, set()),
]


def test_what_is_announced_of_processes_and_data_is_what_happens(deploy: Deploy) -> None:
    deployment = deploy(small("shop", data=[STORE]))
    write_small(deployment, "shop")
    deployment.up()
    for name, settings, expected in STEPS:
        deployment.configure_site("shop", **settings)
        announced, before = read(deployment.preview().output), look(deployment)
        with light(deployment, "shop.localhost", most_seconds=900) as load:
            deployment.up()
            load.wait(1)
        seen = compare(before, look(deployment))
        print(f"{name}: {sorted(seen)}; {load.report().summary()}")
        assert announced == seen >= expected, (name, announced, seen)
        assert load.report().lossless, f"{name}: {load.report().details()}"
