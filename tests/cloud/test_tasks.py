"""The double runs services of ECS: real images from a real registry, real tasks, releases, and what is given up."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from tests.cloud.caller import Refused
from tests.cloud.ground import Ground, remove_images, take_away
from tests.cloud.leftovers import list_leftovers, sweep
from tests.cloud.plugin.fleet_kinds import DEFINITION, SERVICE
from tests.cloud.plugin.fleet_service import SILENT
from tests.docker.load import Client, Load, json_is, json_values

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    sweep()
    with pytest.MonkeyPatch.context() as patch:
        ground = Ground(tmp_path_factory.mktemp("cloud"), patch)
        ground.caller.update(ground.group, deregistrationDelay=3)
        try:
            yield ground
        finally:
            take_away(ground)


def test_the_registry_has_the_rules_of_ecr(ground: Ground) -> None:
    url = ground.repository.outputs["repositoryUrl"]
    with pytest.raises(RuntimeError, match="cannot be overwritten because the tag is immutable"):
        ground.raw_push(f"{url}:1")
    with pytest.raises(RuntimeError, match=r"(?i)unauthorized|no basic auth|authentication required"):
        ground.raw_push(f"{url}:1", password="guessed")
    ground.engine.images.get(f"{url}:1").tag(f"{url}-other", "1")
    with pytest.raises(RuntimeError, match="does not exist"):
        ground.raw_push(f"{url}-other:1")
    ground.engine.images.remove(f"{url}-other:1")
    found = ground.caller.invoke("aws:ecr/getImages:getImages", repositoryName="test/web")["imageIds"]
    assert [(one["imageTag"], one["imageDigest"]) for one in found] == [("1", ground.image.partition("@")[2])]


def test_a_service_runs_its_tasks_in_all_zones(ground: Ground) -> None:
    ground.caller.create(SERVICE, "web", **ground.spell(ground.define("first")))
    found = ground.ask()
    assert (found["release"], found["secret"], found["user"]) == ("first", "hidden", 4711)
    # Brought by another container: the application's own environment has none.
    assert "A" not in found["environment"]
    tasks = ground.tell()["tasks"]
    assert {task["address"].rpartition(".")[0] for task in tasks} == {"10.77.0", "10.77.1"}
    for task, app in zip(sorted(one["id"] for one in tasks), sorted(ground.containers("app"), key=str), strict=True):
        assert app.attrs["HostConfig"]["NetworkMode"].startswith("container:")
        assert app.attrs["HostConfig"]["ReadonlyRootfs"] and app.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert task
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert (asked["taskDefinition"], asked["runningCount"]) == (ground.service.inputs["taskDefinition"], 2)


def test_releases_lose_no_request(ground: Ground) -> None:
    assert ground.ask()["release"] == "first"
    host = "web.example"
    clients = [Client(host=host, kept=kept, expect=json_is(user=4711)) for kept in (True, True, False)]
    clients.append(Client(host=host, path="/slow", kept=True, long=True))
    with Load(ground.balanced.address, ground.balanced.port, clients, rate=40, observe=json_values("release")) as load:
        load.wait(2)
        for name in ("second", "third"):
            ground.release(name)
        load.wait(2)
    report = load.report()
    assert report.lossless, report.details()
    assert list(report.seen) == ["first", "second", "third"]
    assert len(ground.containers("app")) == 2


def test_containers_of_a_task_ended_in_their_order(ground: Ground) -> None:
    logs = sorted((ground.caller.cloud.folder / "logs").glob("*-before.log"))
    assert logs
    for file in logs:
        app = file.with_name(file.name.replace("-before", "-app")).read_text()
        (asked,) = [float(line.split()[-1]) for line in app.splitlines() if line.startswith("asked")]
        (ended,) = [float(line.split()[-1]) for line in file.read_text().splitlines() if line.startswith("ended")]
        assert ended <= asked


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"entryPoint": ["false"]}, "tasks failed to start, and it was rolled back"),
        ({"environment": [{"name": "RELEASE", "value": "bad"}, {"name": "STATUS", "value": "500"}]}, "health checks"),
    ],
)
def test_a_release_that_never_gets_healthy_is_rolled_back(ground: Ground, bad: dict[str, Any], why: str) -> None:
    before, release = ground.service.inputs["taskDefinition"], ground.ask()["release"]
    client = Client(host="web.example", expect=json_is(release=release))
    with Load(ground.balanced.address, ground.balanced.port, [client], rate=20) as load:
        with pytest.raises(Refused, match=why):
            ground.release("bad", **bad)
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert asked["taskDefinition"] == before != ground.service.inputs["taskDefinition"]
    assert any("circuit breaker" in one["message"] for one in asked["events"])
    ground.caller.update(ground.service, taskDefinition=before)


def test_a_rollback_can_be_taken_for_a_success(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    before = ground.service.inputs["taskDefinition"]
    monkeypatch.setenv(SILENT, "yes")
    bad = ground.release("bad", entryPoint=["false"])
    assert ground.service.inputs["taskDefinition"] == bad.id
    asked = ground.caller.invoke("aws:ecs/getService:getService", clusterArn=ground.cluster.id, serviceName="web")
    assert asked["taskDefinition"] == before
    ground.caller.update(ground.service, taskDefinition=before)


def test_a_lost_task_is_replaced(ground: Ground) -> None:
    before = {task["id"] for task in ground.tell()["tasks"]}
    lost = ground.containers("app")[0]
    lost.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        tasks = ground.tell()["tasks"]
        if len(tasks) == 2 and {task["id"] for task in tasks} != before and {"RUNNING"} == {t["status"] for t in tasks}:
            break
        time.sleep(0.3)
    else:
        raise AssertionError(ground.tell())
    assert ground.ask()["user"] == 4711


def test_a_wrong_processor_and_a_missing_secret_are_told(ground: Ground) -> None:
    before = ground.service.inputs["taskDefinition"]
    (definition,) = [one for one in ground.caller.cloud.things(DEFINITION) if one.id == before]
    other = "X86_64" if os.uname().machine == "aarch64" else "ARM64"
    wrong = ground.caller.create(
        DEFINITION, "wrong", **{**definition.inputs, "runtimePlatform": {"cpuArchitecture": other}}
    )
    with pytest.raises(Refused, match="tasks failed to start"):
        ground.caller.update(ground.service, taskDefinition=wrong.id)
    assert any("CannotPullContainerError" in one["message"] for one in ground.tell()["events"])
    ground.caller.update(ground.service, taskDefinition=before)


def test_nothing_is_left_of_a_service_that_is_deleted(ground: Ground) -> None:
    ground.caller.delete(ground.service)
    assert not list_leftovers(ground.owner)
    assert ground.balanced.get()[0] == 503
    url = ground.repository.outputs["repositoryUrl"]
    ground.caller.delete(ground.repository)
    with pytest.raises(RuntimeError):
        ground.raw_push(f"{url}:1")
    assert not (ground.caller.cloud.folder / "images").exists()


def test_nothing_is_left_of_a_run_that_was_killed(tmp_path: Path) -> None:
    script = [
        "import os, signal, sys, pytest",
        "from pathlib import Path",
        "from tests.cloud.test_tasks import Ground, SERVICE",
        "ground = Ground(Path(sys.argv[1]), pytest.MonkeyPatch())",
        "ground.caller.create(SERVICE, 'web', **ground.spell(ground.define('first')))",
        "print(ground.owner, flush=True)",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ]
    cloud = tmp_path / "cloud"
    command = [sys.executable, "-c", "\n".join(script), str(cloud)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    owner = done.stdout.strip()
    assert owner, done.stderr
    until = time.monotonic() + 60
    while list_leftovers(owner) and time.monotonic() < until:
        time.sleep(0.5)
    assert not list_leftovers(owner)
    sweep()
    engine = docker.from_env()
    remove_images(engine, owner)
    engine.close()
