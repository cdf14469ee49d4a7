"""What runs besides the web's replicas: a release command once for each release, and workers that lose no job."""

import json
import subprocess
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import pytest

from tests.docker.applications import small, write_small
from tests.docker.commands import Door
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.killed import Running
from tests.docker.traffic import light

pytestmark = pytest.mark.docker

# A job takes longer than an update needs to come to the end of the worker that is at it.
JOB: Final = 8.0  # seconds
# The folder is the site's own, and outlives its containers: what its processes do is written down there.
JOBS: Final = """
import os
import signal
import sys
import time

FOLDER = "/run/portico/shop"
ME = os.uname().nodename
JOB = 8.0
ending = []
signal.signal(signal.SIGTERM, lambda *_: ending.append(1))


def note(*words):
    with open(f"{FOLDER}/seen", "a") as file:
        print(*words, ME, time.time(), file=file)


def migrate(name):
    note("migrate", name)
    if name == "broken":
        for number in range(30):
            print(f"line {number} of the migration")
        sys.exit(3)
    if name == "slow":
        time.sleep(70)
    note("migrated", name)


def queue():
    number = 0
    while not ending:
        number += 1
        note("begin", number)
        time.sleep(JOB)
        note("end", number)


def beat():
    while not ending:
        note("beat")
        time.sleep(0.1)
    time.sleep(1)
    note("beat")


def crash():
    import antigravity_of_nobody


globals()[sys.argv[1]](*sys.argv[2:])
"""
SHOP: Final = small(
    "shop",
    release={"command": "python jobs.py migrate first", "timeout": "3m"},
    workers=[
        {"name": "queue", "command": "python jobs.py queue"},
        {"name": "beat", "command": "python jobs.py beat", "single": True},
    ],
)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One line of what the processes of the site have written down; `at` is in seconds."""

    what: str
    word: str
    container: str
    at: float


def read_seen(deployment: Deployment) -> list[Seen]:
    lines = execute(deployment.container("nginx"), "cat", "/run/portico/shop/seen").splitlines()
    found = [line.split() for line in lines]
    return [Seen(what=one[0], word=" ".join(one[1:-2]), container=one[-2], at=float(one[-1])) for one in found]


def list_migrations(deployment: Deployment) -> list[str]:
    return [one.word for one in read_seen(deployment) if one.what == "migrate"]


def find_workers(deployment: Deployment) -> dict[str, str]:
    """The short ids of the workers that run, by name."""
    running = [one for one in deployment.containers("worker") if one.status == "running"]
    assert len(running) == 2, running
    return {one.labels["portico.process"]: str(one.id)[:12] for one in running}


def migrate(deployment: Deployment, word: str) -> None:
    """From now on the release command is another one."""
    deployment.configure_site("shop", release={"command": f"python jobs.py migrate {word}", "timeout": "3m"})


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Deployment:
    deployment = deploy(SHOP, small("blog"))
    write_small(deployment, "shop")
    write_small(deployment, "blog")
    deployment.write("shop", "jobs.py", JOBS)
    deployment.up()
    return deployment


@pytest.mark.extended
def test_a_release_command_runs_once_for_a_release_and_not_for_its_settings(shop: Deployment) -> None:
    migrate(shop, "once")
    shop.up()
    before = list_migrations(shop)
    assert before.count("once") == 1
    assert shop.up().changes == 0
    shop.configure_site("shop", replicas=2)
    shop.up()
    assert list_migrations(shop) == before
    shop.configure_site("shop", replicas=1)
    shop.edit("shop", "# another release")
    shop.up()
    assert list_migrations(shop) == [*before, "once"]


@pytest.mark.parametrize(
    "doors",
    [
        pytest.param(("make",), id="make"),
        pytest.param(("make", "pulumi"), id="and again by Pulumi's own command", marks=pytest.mark.extended),
    ],
)
def test_where_it_fails_the_release_before_serves_and_other_sites_go_on(
    shop: Deployment, doors: tuple[Door, ...]
) -> None:
    before, workers = shop.outputs()["releases"], find_workers(shop)
    ran: list[int] = []
    said: list[str] = []
    with light(shop, "shop.localhost", "blog.localhost") as load:
        for site in ("shop", "blog"):
            shop.edit(site, f"# another release {doors}")
        migrate(shop, "broken")
        begun = list_migrations(shop).count("broken")
        for door in doors:
            said.append(shop.up(fails=True, door=door).output)
            ran.append(list_migrations(shop).count("broken") - begun)
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    assert {one for one in report.seen if one.startswith("shop/")} == {f"shop/{before['shop']}"}
    assert len({one for one in report.seen if one.startswith("blog/")}) == 2
    # Each run tries again.
    assert ran == [number + 1 for number in range(len(doors))]
    assert find_workers(shop) == workers
    for output in said:
        assert "shop-release-command (`python jobs.py migrate broken`) failed" in output
        assert f"the release before it ({before['shop']}) keeps serving" in output
        assert "It ended with exit code 3." in output
        assert "line 10 of the migration" in output and "line 9 of the migration" not in output
        assert "Traceback" not in output
    assert "was skipped" not in said[0]


@pytest.mark.extended
def test_the_release_goes_live_once_its_command_is_fixed(shop: Deployment) -> None:
    migrate(shop, "fixed")
    shop.up()
    assert list_migrations(shop).count("fixed") == 1
    assert len(shop.containers("gunicorn")) == 2


@pytest.mark.soak
def test_a_job_in_flight_is_finished_by_its_worker_and_no_beat_is_beside_another(shop: Deployment) -> None:
    old = find_workers(shop)
    shop.edit("shop", "# another release")
    shop.up()
    new = find_workers(shop)
    assert not {*old.values()} & {*new.values()}
    time.sleep(JOB + 1)
    seen = read_seen(shop)
    done = [one for one in seen if one.container == old["queue"]]
    assert [one.word for one in done if one.what == "begin"] == [one.word for one in done if one.what == "end"]
    assert min(one.at for one in seen if one.container == new["queue"]) < max(one.at for one in done)
    beats: dict[str, list[float]] = {}
    for one in seen:
        if one.what == "beat":
            beats.setdefault(one.container, []).append(one.at)
    assert {*old.values(), *new.values()} & {*beats} == {old["beat"], new["beat"]}
    spans = sorted((min(times), max(times)) for times in beats.values())
    assert all(before[1] < after[0] for before, after in pairwise(spans)), spans


@pytest.mark.soak
def test_a_worker_that_crashes_fails_the_update_with_its_log_and_the_old_one_goes_on(shop: Deployment) -> None:
    old = find_workers(shop)
    workers = SHOP["workers"]
    shop.configure_site("shop", workers=[one | {"command": "python jobs.py crash"} for one in workers])
    failed = shop.up(fails=True)
    for name in ("queue", "beat"):
        assert f"shop-worker.{name}-0 did not keep running." in failed.output
        assert f"The worker {name} of shop does not keep running" in failed.output
    assert "No module named 'antigravity_of_nobody'" in failed.output
    assert find_workers(shop) == old
    shop.configure_site("shop", workers=workers)
    shop.up()
    assert len(shop.containers("worker")) == 2
    assert find_workers(shop)


@pytest.mark.soak
def test_by_hand_a_command_runs_as_a_worker_does_and_in_the_image_of_the_next_release(shop: Deployment) -> None:
    before = shop.ids()
    assert type_command(shop, "--process", "queue", "--", "echo $PORTICO_PROCESS") == "queue"
    said = type_words(shop, "logs", "--site", "shop", "--process", "queue")
    assert all(line.startswith("shop-worker.queue-0-") for line in said.splitlines())
    ran = json.loads(type_words(shop, "status", "--json"))["sites"]["shop"]["releaseCommand"]
    assert (ran["code"], ran["command"].split()[:3]) == (0, ["python", "jobs.py", "migrate"]) and len(
        ran["release"]
    ) == 12
    shop.write("shop", "coming.txt", "not live yet")
    assert type_command(shop, "--release", "next", "--", "cat coming.txt") == "not live yet"
    assert type_command(shop, "--", "test -e coming.txt || echo live") == "live"
    (shop.source("shop") / "coming.txt").unlink()
    assert shop.ids() == before


def type_command(deployment: Deployment, *words: str) -> str:
    return type_words(deployment, "exec", "--site", "shop", *words).strip()


def type_words(deployment: Deployment, command: str, *words: str) -> str:
    """What a command of portico prints; it must succeed."""
    done = subprocess.run(
        deployment.spell_portico(command, *words),
        env=deployment.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.soak
def test_a_release_command_outlives_an_update_that_is_killed_and_is_not_run_beside_itself(shop: Deployment) -> None:
    migrate(shop, "slow")
    running = Running(shop, 1, door="pulumi")
    while "slow" not in list_migrations(shop):
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.2)
    assert running.kill()
    result = shop.recover()
    assert "The release command of shop still runs" in result.output
    assert "this update waits for its end" in result.output
    assert [one.what for one in read_seen(shop) if one.word == "slow"] == ["migrate", "migrated"]
    assert shop.present() == shop.wanted()
