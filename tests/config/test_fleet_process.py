"""What workers and jobs are on ECS: their tasks, their times in AWS's words, and what is refused."""

from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from cronsim import CronSim

from portico.config.checks import check_settings
from portico.config.release.release import Release
from portico.config.release.release_command import key_command
from portico.config.settings import Mistakes
from portico.config.targets.ecs import (
    define_by_hand,
    define_job,
    define_release,
    define_worker,
    spell_cron,
    sum_by_hand,
    sum_release,
)
from tests.config.ecs_sample import make_ecs_values, plan_fleet
from tests.config.sample import make_site

IMAGE = f"registry.example/shop/application@sha256:{'0' * 64}"
GIVEN: dict[str, Any] = {"application": IMAGE, "log_group": "shop", "region": "eu-central-1"}
QUEUE = {"name": "queue", "command": "celery --app shop worker", "stop": "90s", "memory": "300M"}
UPGRADE = {"command": "flask db upgrade", "timeout": "5m"}
NIGHTLY = {"name": "nightly", "cron": "30 3 * * *", "command": "flask tidy", "overlap": "allow", "timeout": "10m"}


def plan(root: Path, **site: Any) -> Release:
    (fleet,) = plan_fleet(root, make_site(environment={"MODE": "fast"}, **site))
    return fleet.release


def test_a_worker_is_one_container_of_the_releases_image(root: Path) -> None:
    release = plan(root, workers=[QUEUE])
    (one,) = define_worker(release, release.site.workers[0], **GIVEN)
    assert (one["name"], one["image"], one["essential"]) == ("queue", IMAGE, True)
    assert [*one["entryPoint"], *one["command"]] == ["celery", "--app", "shop", "worker"]
    variables = {pair["name"]: pair["value"] for pair in one["environment"]}
    assert variables["MODE"] == "fast" and variables["PORTICO_PROCESS"] == "queue"
    assert variables["PORTICO_RELEASE"] == release.id
    assert (one["stopTimeout"], one["memory"], one["readonlyRootFilesystem"]) == (90, 300, True)
    assert one["user"] == f"{release.uid}:{release.uid}" and "portMappings" not in one
    assert one["logConfiguration"]["options"]["awslogs-group"] == "shop"


def test_one_that_keeps_ending_is_never_healthy(root: Path) -> None:
    release = plan(root, workers=[QUEUE])
    (one,) = define_worker(release, release.site.workers[0], **GIVEN)
    check = one["healthCheck"]
    # It asks how long the first process of the container runs.
    assert "/proc/1/stat" in check["command"][-1] and check["startPeriod"] >= 10
    compile(check["command"][-1], "check", "exec")


def test_its_secrets_come_as_files_before_it_starts(root: Path) -> None:
    release = plan(root, workers=[{**QUEUE, "name": "secrets"}])
    init, one = define_worker(release, release.site.workers[0], **GIVEN, secrets={"KEY": "arn:1:KEY::2"})
    # A worker may have any name.
    assert (init["name"], one["name"]) == ("portico_secrets", "secrets")
    assert init["secrets"] == [{"name": "PORTICO_SECRET_KEY", "valueFrom": "arn:1:KEY::2"}]
    assert one["dependsOn"] == [{"containerName": "portico_secrets", "condition": "SUCCESS"}]
    assert {"sourceVolume": "gunicorn-secrets", "containerPath": "/run/secrets", "readOnly": True} in one["mountPoints"]
    assert "secrets" not in one


def test_a_job_is_ended_after_its_time(root: Path) -> None:
    release = plan(root, schedule=[NIGHTLY])
    (one,) = define_job(release, release.site.schedule[0], **GIVEN)
    assert [*one["entryPoint"], *one["command"]] == ["timeout", "-k", "20", "600", "flask", "tidy"]
    assert one["name"] == "nightly" and "healthCheck" not in one
    assert {"name": "PORTICO_JOB", "value": "nightly"} in one["environment"]


def test_the_release_command_is_ended_by_its_own_container(root: Path) -> None:
    release = plan(root, release=UPGRADE)
    (one,) = define_release(release, **GIVEN)
    words = [*one["entryPoint"], *one["command"]]
    assert words[:4] == ["python3", "-I", "-S", "-c"] and "fcntl" in words[4]
    assert words[5:] == ["/tmp", key_command(release), "300", "flask", "db", "upgrade"]
    assert {"sourceVolume": "gunicorn-tmp", "containerPath": "/tmp", "readOnly": False} in one["mountPoints"]
    assert one["name"] == "portico_release" and one["memory"] == 512 and "dependsOn" not in one
    # SIGTERM, 10 s, SIGKILL: it must come to that by itself.
    assert one["stopTimeout"] > 10


def test_it_finds_data_that_is_new_filled_as_the_image_has_it(root: Path) -> None:
    store = {"name": "store", "path": "/var/lib/shop"}
    release = plan(root, release=UPGRADE, data=[store])
    seeder, init, one = define_release(release, **GIVEN, secrets={"KEY": "arn:1:KEY::2"})
    assert (seeder["name"], init["name"]) == ("data", "portico_secrets")
    assert [other["containerName"] for other in one["dependsOn"]] == ["portico_secrets", "data"]
    assert sum(other["memory"] for other in (seeder, init, one)) == sum_release(release.site)
    (_, alone) = define_release(release, **GIVEN)
    assert [other["containerName"] for other in alone["dependsOn"]] == ["data"]


def test_what_is_given_by_hand_takes_the_place_of_the_command(root: Path) -> None:
    release = plan(root, gunicorn={"memory": "300M"})
    (one,) = define_by_hand(release, **GIVEN)
    # Of a task AWS changes the command alone, and `env` runs what it is given.
    assert (one["name"], one["entryPoint"][-1], one["memory"]) == ("portico_exec", "env", 300)
    assert sum_by_hand(release) == 364


def test_no_image_without_its_digest(root: Path) -> None:
    release = plan(root, workers=[QUEUE])
    with pytest.raises(ValueError, match="names no digest"):
        define_worker(release, release.site.workers[0], **{**GIVEN, "application": "shop:latest"})


@pytest.mark.parametrize(
    ("cron", "spelled"),
    [
        ("30 3 * * *", "cron(30 3 * * ? *)"),
        ("* * * * *", "cron(* * * * ? *)"),
        ("*/20 8-10 * * MON-FRI", "cron(0,20,40 8,9,10 ? * MON,TUE,WED,THU,FRI *)"),
        ("0 0 1 */6 *", "cron(0 0 1 1,7 ? *)"),
        ("0 0 * * 7", "cron(0 0 ? * SUN *)"),
        ("0 0 * * 0,6", "cron(0 0 ? * SUN,SAT *)"),
        ("5 4 * JAN-MAR *", "cron(5 4 * 1,2,3 ? *)"),
    ],
)
def test_a_time_is_the_same_in_the_words_of_aws(cron: str, spelled: str) -> None:
    assert spell_cron(cron) == spelled
    # Read back: the year goes, and what is left open.
    back = " ".join(spelled.removeprefix("cron(").removesuffix(")").replace("?", "*").split()[:5])
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    assert list(islice(CronSim(back, begin), 200)) == list(islice(CronSim(cron, begin), 200))


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 0 1 * MON", "takes a day of the month or a weekday, not both"),
        ("0 0 L * *", "no word for the last or the n-th day"),
        ("0 0 * * 5#2", "no word for the last or the n-th day"),
        (
            f"{','.join(map(str, range(59)))} {','.join(map(str, range(23)))} {','.join(map(str, range(1, 31)))} * *",
            "long",
        ),
    ],
)
def test_a_time_that_aws_has_no_words_for_is_refused(root: Path, cron: str, why: str) -> None:
    with pytest.raises(Mistakes) as caught:
        check_settings(make_ecs_values(make_site(schedule=[{**NIGHTLY, "cron": cron}])), root)
    assert "sites[0].schedule[0].cron: " in str(caught.value) and why in str(caught.value)


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (
            {"workers": [{**QUEUE, "stop": "121s"}]},
            "sites[0].workers[0].stop: 121s is longer than a task on Fargate may take to stop; write at most 120s",
        ),
        (
            {"workers": [{**QUEUE, "memory": "4G"}]},
            "sites[0].workers[0].memory: a task needs 4160 MiB, and Fargate gives",
        ),
        (
            {"schedule": [{**NIGHTLY, "overlap": "forbid"}]},
            'sites[0].schedule[0].overlap: "forbid" is not supported by AWS',
        ),
        ({"schedule": [{**NIGHTLY, "overlap": "replace"}]}, 'sites[0].schedule[0].overlap: "replace" is not supported'),
        (
            {"data": [{"name": "store", "path": "/var/lib/shop"}], "environment": {"DATABASE_URL": "sqlite:////x.db"}},
            "sites[0].environment.DATABASE_URL: is a SQLite database, and data on ecs is shared over the network",
        ),
        ({"schedule": [{**NIGHTLY, "memory": "4G"}]}, "sites[0].schedule[0].memory: a task needs 4160 MiB"),
        ({"release": {**UPGRADE, "memory": "4G"}}, "sites[0].release.memory: a task needs 4160 MiB"),
    ],
)
def test_what_fargate_does_not_do_is_refused(root: Path, site: dict[str, Any], said: str) -> None:
    with pytest.raises(Mistakes) as caught:
        check_settings(make_ecs_values(make_site(**site)), root)
    assert said in str(caught.value)


def test_another_worker_is_no_other_release(root: Path) -> None:
    assert plan(root).id == plan(root, workers=[QUEUE], schedule=[NIGHTLY]).id
