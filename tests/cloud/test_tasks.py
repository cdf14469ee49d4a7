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
from tests.cloud.infrastructure import Infrastructure, remove_images, take_away
from tests.cloud.leftovers import list_leftovers, sweep
from tests.cloud.plugin.fleet_kinds import DEFINITION, SERVICE
from tests.cloud.plugin.fleet_service import SILENT
from tests.docker.load import Client, Load, json_is, json_values

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended]


@pytest.fixture(scope="module")
def infrastructure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Infrastructure]:
    sweep()
    with pytest.MonkeyPatch.context() as patch:
        infrastructure = Infrastructure(tmp_path_factory.mktemp("cloud"), patch)
        infrastructure.caller.update(infrastructure.group, deregistrationDelay=3)
        try:
            yield infrastructure
        finally:
            take_away(infrastructure)


def test_the_registry_has_the_rules_of_ecr(infrastructure: Infrastructure) -> None:
    url = infrastructure.repository.outputs["repositoryUrl"]
    with pytest.raises(RuntimeError, match="cannot be overwritten because the tag is immutable"):
        infrastructure.raw_push(f"{url}:1")
    with pytest.raises(RuntimeError, match=r"(?i)unauthorized|no basic auth|authentication required"):
        infrastructure.raw_push(f"{url}:1", password="guessed")
    infrastructure.engine.images.get(f"{url}:1").tag(f"{url}-other", "1")
    with pytest.raises(RuntimeError, match="does not exist"):
        infrastructure.raw_push(f"{url}-other:1")
    infrastructure.engine.images.remove(f"{url}-other:1")
    found = infrastructure.caller.invoke("aws:ecr/getImages:getImages", repositoryName="test/web")["imageIds"]
    assert [(one["imageTag"], one["imageDigest"]) for one in found] == [("1", infrastructure.image.partition("@")[2])]


def test_a_service_runs_its_tasks_in_all_zones(infrastructure: Infrastructure) -> None:
    infrastructure.caller.create(SERVICE, "web", **infrastructure.spell(infrastructure.define("first")))
    found = infrastructure.ask()
    assert (found["release"], found["secret"], found["user"]) == ("first", "hidden", 4711)
    # Brought by another container: the application's own environment has none.
    assert "A" not in found["environment"]
    tasks = infrastructure.tell()["tasks"]
    assert {task["address"].rpartition(".")[0] for task in tasks} == {"10.77.0", "10.77.1"}
    for task, app in zip(
        sorted(one["id"] for one in tasks), sorted(infrastructure.containers("app"), key=str), strict=True
    ):
        assert app.attrs["HostConfig"]["NetworkMode"].startswith("container:")
        assert app.attrs["HostConfig"]["ReadonlyRootfs"] and app.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert task
    asked = infrastructure.caller.invoke(
        "aws:ecs/getService:getService", clusterArn=infrastructure.cluster.id, serviceName="web"
    )
    assert (asked["taskDefinition"], asked["runningCount"]) == (infrastructure.service.inputs["taskDefinition"], 2)


def test_releases_lose_no_request(infrastructure: Infrastructure) -> None:
    assert infrastructure.ask()["release"] == "first"
    host = "web.example"
    clients = [Client(host=host, kept=kept, expect=json_is(user=4711)) for kept in (True, True, False)]
    clients.append(Client(host=host, path="/slow", kept=True, long=True))
    with Load(
        infrastructure.balanced.address, infrastructure.balanced.port, clients, rate=40, observe=json_values("release")
    ) as load:
        load.wait(2)
        for name in ("second", "third"):
            infrastructure.release(name)
        load.wait(2)
    report = load.report()
    assert report.lossless, report.details()
    assert list(report.seen) == ["first", "second", "third"]
    assert len(infrastructure.containers("app")) == 2


def test_containers_of_a_task_ended_in_their_order(infrastructure: Infrastructure) -> None:
    logs = sorted((infrastructure.caller.cloud.folder / "logs").glob("*-before.log"))
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
def test_a_release_that_never_gets_healthy_is_rolled_back(
    infrastructure: Infrastructure, bad: dict[str, Any], why: str
) -> None:
    before, release = infrastructure.service.inputs["taskDefinition"], infrastructure.ask()["release"]
    client = Client(host="web.example", expect=json_is(release=release))
    with Load(infrastructure.balanced.address, infrastructure.balanced.port, [client], rate=20) as load:
        with pytest.raises(Refused, match=why):
            infrastructure.release("bad", **bad)
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    asked = infrastructure.caller.invoke(
        "aws:ecs/getService:getService", clusterArn=infrastructure.cluster.id, serviceName="web"
    )
    assert asked["taskDefinition"] == before != infrastructure.service.inputs["taskDefinition"]
    assert any("circuit breaker" in one["message"] for one in asked["events"])
    infrastructure.caller.update(infrastructure.service, taskDefinition=before)


def test_a_rollback_can_be_taken_for_a_success(infrastructure: Infrastructure, monkeypatch: pytest.MonkeyPatch) -> None:
    before = infrastructure.service.inputs["taskDefinition"]
    monkeypatch.setenv(SILENT, "yes")
    bad = infrastructure.release("bad", entryPoint=["false"])
    assert infrastructure.service.inputs["taskDefinition"] == bad.id
    asked = infrastructure.caller.invoke(
        "aws:ecs/getService:getService", clusterArn=infrastructure.cluster.id, serviceName="web"
    )
    assert asked["taskDefinition"] == before
    infrastructure.caller.update(infrastructure.service, taskDefinition=before)


def test_a_lost_task_is_replaced(infrastructure: Infrastructure) -> None:
    before = {task["id"] for task in infrastructure.tell()["tasks"]}
    lost = infrastructure.containers("app")[0]
    lost.kill()
    until = time.monotonic() + 60
    while time.monotonic() < until:
        tasks = infrastructure.tell()["tasks"]
        if len(tasks) == 2 and {task["id"] for task in tasks} != before and {"RUNNING"} == {t["status"] for t in tasks}:
            break
        time.sleep(0.3)
    else:
        raise AssertionError(infrastructure.tell())
    assert infrastructure.ask()["user"] == 4711


def test_a_wrong_processor_and_a_missing_secret_are_reported(infrastructure: Infrastructure) -> None:
    before = infrastructure.service.inputs["taskDefinition"]
    (definition,) = [one for one in infrastructure.caller.cloud.things(DEFINITION) if one.id == before]
    other = "X86_64" if os.uname().machine == "aarch64" else "ARM64"
    wrong = infrastructure.caller.create(
        DEFINITION, "wrong", **{**definition.inputs, "runtimePlatform": {"cpuArchitecture": other}}
    )
    with pytest.raises(Refused, match="tasks failed to start"):
        infrastructure.caller.update(infrastructure.service, taskDefinition=wrong.id)
    assert any("CannotPullContainerError" in one["message"] for one in infrastructure.tell()["events"])
    infrastructure.caller.update(infrastructure.service, taskDefinition=before)


def test_nothing_is_left_of_a_service_that_is_deleted(infrastructure: Infrastructure) -> None:
    infrastructure.caller.delete(infrastructure.service)
    assert not list_leftovers(infrastructure.owner)
    assert infrastructure.balanced.get()[0] == 503
    url = infrastructure.repository.outputs["repositoryUrl"]
    infrastructure.caller.delete(infrastructure.repository)
    with pytest.raises(RuntimeError):
        infrastructure.raw_push(f"{url}:1")
    assert not (infrastructure.caller.cloud.folder / "images").exists()


def test_nothing_is_left_of_a_run_that_was_killed(tmp_path: Path) -> None:
    script = [
        "import os, signal, sys, pytest",
        "from pathlib import Path",
        "from tests.cloud.test_tasks import Infrastructure, SERVICE",
        "infrastructure = Infrastructure(Path(sys.argv[1]), pytest.MonkeyPatch())",
        "infrastructure.caller.create(SERVICE, 'web', **infrastructure.spell(infrastructure.define('first')))",
        "print(infrastructure.owner, flush=True)",
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
