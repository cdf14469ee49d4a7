"""Jobs that run at times of their own: each minute once, across releases, and none of them is cut by one."""

import json
import time
from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from tests.docker.applications import small, write_small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.figures import SOAK

pytestmark = pytest.mark.docker

VALUE: Final = "clear-of-the-job-0123456789"
NOTE: Final = 'test -n "$TOKEN" && echo "$PORTICO_SCHEDULED $PORTICO_RELEASE" >>/run/portico/shop/seen'
SHOP: Final = small(
    "shop",
    secretsAs={"TOKEN": "environment"},
    schedule=[
        {"name": "minute", "cron": "* * * * *", "command": f"sh -c '{NOTE}'", "timeout": "30s"},
        {"name": "long", "cron": "* * * * *", "command": "sleep 45", "timeout": "50s"},
    ],
)


def read_runs(deployment: Deployment) -> list[dict[str, Any]]:
    text = execute(deployment.containers("worker")[0], "cat", "/run/portico/shop/schedule/schedule.json")
    runs: list[dict[str, Any]] = json.loads(text)["runs"]
    return runs


def list_seen(deployment: Deployment) -> list[list[str]]:
    found = execute(deployment.container("nginx"), "sh", "-c", "cat /run/portico/shop/seen 2>/dev/null || true")
    return [line.split() for line in found.splitlines()]


def await_minutes(deployment: Deployment, count: int) -> None:
    until = time.monotonic() + 60 * count + 90
    while len(list_seen(deployment)) < count:
        assert time.monotonic() < until, deployment.containers("worker")[0].logs().decode()
        time.sleep(2)


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Deployment:
    deployment: Deployment = deploy(SHOP)
    write_small(deployment, "shop")
    deployment.set_secret("shop", "TOKEN", VALUE)
    deployment.up()
    return deployment


@pytest.mark.extended
def test_each_minute_is_run_once_across_releases_and_a_long_job_is_not_cut(shop: Deployment) -> None:
    releases = [shop.outputs()["releases"]["shop"]]
    await_minutes(shop, 1)
    for number in range(2 if SOAK else 1):
        shop.edit("shop", f"# release {number}")
        shop.up()
        releases.append(shop.outputs()["releases"]["shop"])
        await_minutes(shop, len(list_seen(shop)) + 1)
    seen = list_seen(shop)
    times = [datetime.fromisoformat(one) for one, _ in seen]
    assert times == [times[0] + timedelta(minutes=n) for n in range(len(times))], seen
    assert list(dict.fromkeys(release for _, release in seen)) == releases
    print(f"\nruns: {json.dumps(read_runs(shop), indent=1)}")
    runs = read_runs(shop)
    assert [run["due"] for run in runs if run["job"] == "minute"] == [one for one, _ in seen]
    ended = [
        run for run in runs if run["job"] == "long" and run["outcome"] != "skipped" and run["outcome"] != "running"
    ]
    assert ended and {(run["outcome"], run["code"]) for run in ended} == {("ended", 0)}
    assert len(shop.containers("worker")) == 1
    assert shop.up().changes == 0


@pytest.mark.extended
def test_a_secret_that_is_a_variable_stands_nowhere_in_clear(shop: Deployment) -> None:
    for container in [*shop.containers("worker"), *shop.containers("gunicorn")]:
        assert VALUE not in str(container.attrs) and VALUE not in str(container.top(ps_args="axww"))
        assert VALUE not in bytes(container.logs()).decode()
        # The application itself has it.
        names = execute(container, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'; true")
        assert f"TOKEN={VALUE}" in names
    assert VALUE not in shop.pulumi("stack", "export", "--stack", shop.name).output


@pytest.mark.soak
def test_a_time_zone_that_the_image_does_not_know_fails_the_update(shop: Deployment) -> None:
    wrong = [one | {"timeZone": "Antarctica/Troll"} for one in SHOP["schedule"]]
    if "Troll" in execute(shop.containers("gunicorn")[0], "sh", "-c", "ls /usr/share/zoneinfo/Antarctica || true"):
        shop.configure_site("shop", schedule=wrong)
        shop.up()
    else:
        shop.configure_site("shop", schedule=wrong)
        assert "The image knows no time zone Antarctica/Troll" in shop.up(fails=True).output
    shop.configure_site("shop", schedule=SHOP["schedule"])
    shop.up()
