"""What a task on ECS is made of."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from portico.config.release.assemble import assemble_release
from portico.config.render.layout import LISTEN, READY
from portico.config.targets.ecs import VOLUMES, FleetSite, container_definitions, describe_task, make_fleet, task
from tests.config.ecs_sample import make_ecs_values, make_section, plan_fleet
from tests.config.sample import HASH, make_site

DIGEST = f"@sha256:{'0' * 64}"
APPLICATION, NGINX = f"registry.example/shop/application{DIGEST}", f"registry.example/shop/nginx{DIGEST}"
SECRETS = {"SECRET_KEY": "arn:1:SECRET_KEY::2", "DATABASE_URL": "arn:1:DATABASE_URL::2"}
USERS = {"ann": HASH}


def define(fleet: FleetSite, **changes: Any) -> dict[str, dict[str, Any]]:
    """The containers by name, in their order."""
    images = {"application": APPLICATION, "nginx": NGINX, "log_group": "shop", "region": "eu-central-1"}
    found = container_definitions(fleet, **{**images, **changes})
    return {str(one["name"]): one for one in found}


@pytest.fixture
def fleet(root: Path) -> FleetSite:
    (found,) = plan_fleet(root, make_site())
    return found


@pytest.fixture
def closed(root: Path) -> FleetSite:
    """One that asks for a password."""
    (found,) = plan_fleet(root, make_site(users=USERS))
    return found


def test_a_task_is_gunicorn_and_nginx(fleet: FleetSite) -> None:
    containers = define(fleet)
    assert list(containers) == ["gunicorn", "nginx"]
    assert (containers["gunicorn"]["image"], containers["nginx"]["image"]) == (APPLICATION, NGINX)
    assert all(one["essential"] for one in containers.values())


def test_what_hands_over_secrets_is_there_where_there_are_any(closed: FleetSite) -> None:
    containers = define(closed, secrets=SECRETS, users="arn:users")
    assert list(containers) == ["secrets", "users", "gunicorn", "nginx"]
    # They end, and the task goes on.
    assert [containers[name]["essential"] for name in ("secrets", "users")] == [False, False]
    assert (containers["secrets"]["image"], containers["users"]["image"]) == (APPLICATION, NGINX)


def test_nginx_starts_last_and_stops_first(closed: FleetSite) -> None:
    """ECS stops in the reverse order: what NGINX has taken is still answered."""
    containers = define(closed, secrets=SECRETS, users="arn:users")
    after = {
        name: [(one["containerName"], one["condition"]) for one in container.get("dependsOn", [])]
        for name, container in containers.items()
    }
    assert after == {
        "secrets": [],
        "users": [],
        "gunicorn": [("secrets", "SUCCESS")],
        "nginx": [("gunicorn", "HEALTHY"), ("users", "SUCCESS")],
    }
    assert containers["gunicorn"]["healthCheck"]["command"][0] == "CMD"


def test_every_container_is_without_powers(closed: FleetSite) -> None:
    for name, container in define(closed, secrets=SECRETS, users="arn:users").items():
        user = "101:101" if name in ("nginx", "users") else f"{closed.release.uid}:{closed.release.uid}"
        assert container["user"] == user
        assert container["readonlyRootFilesystem"] is True and container["privileged"] is False
        assert container["linuxParameters"]["capabilities"] == {"drop": ["ALL"]}
        assert container["memory"] > 0
        assert container["logConfiguration"]["logDriver"] == "awslogs"
        assert container["logConfiguration"]["options"]["awslogs-group"] == "shop"


def test_the_limits_fit_into_the_task(root: Path) -> None:
    for memory in ("128M", "512M", "1600M"):
        (fleet,) = plan_fleet(root, make_site(users=USERS, gunicorn={"memory": memory}))
        containers = define(fleet, secrets=SECRETS, users="arn:users")
        assert sum(one["memory"] for one in containers.values()) <= fleet.memory


def test_no_secret_is_in_an_environment(closed: FleetSite) -> None:
    """But in that of the containers that hand them over, where ECS alone puts them, and which end at once."""
    containers = define(closed, secrets=SECRETS, users="arn:users")
    assert {name for name, one in containers.items() if "secrets" in one} == {"secrets", "users"}
    assert containers["secrets"]["secrets"] == [
        {"name": "PORTICO_SECRET_DATABASE_URL", "valueFrom": "arn:1:DATABASE_URL::2"},
        {"name": "PORTICO_SECRET_SECRET_KEY", "valueFrom": "arn:1:SECRET_KEY::2"},
    ]
    assert containers["users"]["secrets"] == [{"name": "PORTICO_USERS", "valueFrom": "arn:users"}]
    plain = json.dumps([one.get("environment") for one in containers.values()])
    assert HASH not in plain and "arn:" not in plain
    assert HASH not in repr(closed.private)


def test_password_hashes_are_where_nginx_reads_them(closed: FleetSite) -> None:
    (line,) = (line for line in closed.tree.files["conf.d/shop.conf"].splitlines() if "auth_basic_user_file" in line)
    containers = define(closed, users="arn:users")
    folder, file = containers["users"]["command"]
    assert f"{folder}/{file};" in line and closed.private.files[file] == f"ann:{HASH}\n"
    mounts = {name: container["mountPoints"] for name, container in containers.items()}
    (written,) = mounts["users"]
    assert written == {"sourceVolume": "nginx-private", "containerPath": folder.rpartition("/")[0], "readOnly": False}
    assert {**written, "readOnly": True} in mounts["nginx"]
    # None of it is in the image.
    assert not any(HASH.encode() in one.content for one in closed.nginx.values())


def test_secrets_can_be_read_by_gunicorn_and_changed_by_nobody(fleet: FleetSite) -> None:
    containers = define(fleet, secrets=SECRETS)
    (written,) = containers["secrets"]["mountPoints"]
    assert written == {"sourceVolume": "gunicorn-secrets", "containerPath": "/run/secrets", "readOnly": False}
    assert {**written, "readOnly": True} in containers["gunicorn"]["mountPoints"]
    assert "gunicorn-secrets" not in json.dumps(containers["nginx"])


def test_every_mount_is_of_a_volume_that_its_image_makes(closed: FleetSite) -> None:
    """A volume takes its owner from the image: without that, nobody but root could write there."""
    made = {
        APPLICATION: closed.release.context["Dockerfile"].content.decode(),
        NGINX: closed.nginx["Dockerfile"].content.decode(),
    }
    seen = set()
    for container in define(closed, secrets=SECRETS, users="arn:users").values():
        (line,) = (line for line in made[container["image"]].splitlines() if line.startswith("VOLUME"))
        for mount in container["mountPoints"]:
            assert mount["containerPath"] in json.loads(line.removeprefix("VOLUME "))
            assert VOLUMES[mount["sourceVolume"]] == mount["containerPath"]
            seen.add(mount["sourceVolume"])
    assert seen == set(VOLUMES)


def test_gunicorn_is_reported_what_it_is_reported_on_a_vm(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site(environment={"LOG_LEVEL": "debug"}, health="/healthz"))
    gunicorn = define(fleet)["gunicorn"]
    environment = {one["name"]: one["value"] for one in gunicorn["environment"]}
    assert environment == {
        "LOG_LEVEL": "debug",
        "HOME": "/tmp",
        "USER": "shop",
        "PORTICO_SITE": "shop",
        "PORTICO_RELEASE": fleet.release.id,
        "PORTICO_ADDRESS": "127.0.0.1:8000",
        "PORTICO_PROGRESS": "/tmp/.portico/progress",
    }
    assert [*gunicorn["entryPoint"], *gunicorn["command"]] == [
        *("gunicorn", "--config", "/etc/gunicorn/gunicorn.conf.py", "web:app")
    ]
    command = gunicorn["healthCheck"]["command"]
    assert command[-6:] == ["8", "15,30", "127.0.0.1:8000", "/healthz", "shop.example", "patient"]


def test_only_two_ports_are_open_and_none_of_them_is_private(fleet: FleetSite) -> None:
    containers = define(fleet)
    assert [one["containerPort"] for one in containers["nginx"]["portMappings"]] == [LISTEN, READY] == [8080, 8082]
    assert "portMappings" not in containers["gunicorn"]
    # NGINX's own status is on the loopback.
    assert containers["nginx"]["healthCheck"]["command"][-1] == "http://127.0.0.1:8081/healthz"


def test_times_are_within_what_fargate_takes(root: Path) -> None:
    for site in (make_site(), make_site(gunicorn={"timeout": "110s"}), make_site(gunicorn={"timeout": "1s"})):
        for wait in (5, 300):
            (fleet,) = plan_fleet(root, site, healthTimeout=wait)
            for container in define(fleet, secrets=SECRETS).values():
                assert 2 <= container["stopTimeout"] <= 120
                if check := container.get("healthCheck"):
                    assert 5 <= check["interval"] <= 300 and 2 <= check["timeout"] <= 60
                    assert 1 <= check["retries"] <= 10 and 0 <= check["startPeriod"] <= 300


def test_nginx_may_open_as_many_files_as_it_wants_to(root: Path) -> None:
    (fleet,) = plan_fleet(root, make_site(), nginx={"connections": 65535})
    (limit,) = define(fleet)["nginx"]["ulimits"]
    assert limit == {"name": "nofile", "softLimit": 131070, "hardLimit": 131070}
    assert "worker_rlimit_nofile    131070;" in fleet.tree.files["nginx.conf"]


@pytest.mark.parametrize("image", ["application", "nginx"])
def test_an_image_without_a_digest_is_refused(fleet: FleetSite, image: str) -> None:
    with pytest.raises(ValueError, match="shop:latest names no digest"):
        define(fleet, **{image: "shop:latest"})


def test_password_hashes_are_not_forgotten(fleet: FleetSite, closed: FleetSite) -> None:
    for one, users in ((closed, None), (fleet, "arn:users")):
        with pytest.raises(ValueError, match="password hashes are handed over if and only if there are any"):
            define(one, users=users)


def test_it_is_plain_data(closed: FleetSite) -> None:
    containers = list(define(closed, secrets=SECRETS, users="arn:users").values())
    assert json.loads(json.dumps(containers)) == containers
    # A task definition is at most 64 KiB.
    assert len(json.dumps(containers)) < 32_000


def test_the_number_of_tasks_makes_no_other_release(root: Path) -> None:
    (two,) = plan_fleet(root, make_site())
    (five,) = plan_fleet(root, make_site(replicas=5))
    assert (two.replicas, five.replicas) == (2, 5)
    assert (two.release.id, two.digest, two.tree) == (five.release.id, five.digest, five.tree)
    assert define(two) == define(five)


def test_a_task_has_the_memory_that_its_limits_need(root: Path) -> None:
    (small,) = plan_fleet(root, make_site())
    (large,) = plan_fleet(root, make_site(gunicorn={"memory": "3G"}), section=make_section(cpu=1024))
    assert (small.memory, large.memory) == (1024, 4096)


def test_a_task_is_made_of_what_its_releases_id_is_made_of(root: Path) -> None:
    """But for what AWS names, NGINX's image, and the file of password hashes: NGINX's own digest names those."""
    site = make_site(users=USERS)
    values = make_ecs_values(site, secrets={"shop": dict.fromkeys(SECRETS, "hidden")})
    plan = make_plan(values, root)
    (fleet,) = make_fleet(plan)
    described = describe_task(plan.settings, replace(fleet.release, id=""), SECRETS)
    text = json.dumps(list(define(fleet, secrets=SECRETS, users="arn:users").values()))
    for known in (APPLICATION, NGINX, *SECRETS.values(), "arn:users", "eu-central-1", fleet.private.digest):
        assert f'{known}"' in text
        text = text.replace(f'{known}"', '"')
    made = json.loads(text.replace(fleet.release.id, "").replace('"awslogs-group": "shop"', '"awslogs-group": ""'))
    assert made == described["containers"]
    assert described["volumes"] == VOLUMES
    assert (described["cpu"], described["memory"], described["architecture"]) == (256, fleet.memory, "arm64")


@pytest.mark.parametrize(
    "part", ["_make_gunicorn", "_make_nginx", "make_init_container", "bring_secrets", "_bring_users"]
)
def test_each_part_of_a_task_is_part_of_the_id(root: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    settings = make_plan(make_ecs_values(make_site(users=USERS)), root).settings
    real, keys = getattr(task, part), set[str]()

    def make(change: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
        monkeypatch.setattr(task, part, lambda *args, **more: change(real(*args, **more)))
        describe = partial(describe_task, settings)
        return assemble_release(settings, settings.sites[0], "image", None, {"KEY": "x"}, describe=describe).id

    def note(container: dict[str, Any]) -> dict[str, Any]:
        keys.update(container)
        return container

    before = make(note)
    assert keys
    for key in keys:
        assert make(lambda container, key=key: container | {key: "another"}) != before, key  # type: ignore[misc]
