"""Replicas hang while their processes live: they leave NGINX's rotation and restart; busy ones are left alone.

Three sites hang or are busy at the same time: `shop` has two replicas, of which one hangs; `lone` has only one;
`busy` keeps every thread in long requests, so that its health check fails for
longer than `hungAfter`, while a request ends now and then.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from docker.models.containers import Container
from tests.docker.applications import small, write_hanging
from tests.docker.ask import ADDRESS, get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.faults import await_until, hang, is_healthy, last_words, stretch
from tests.docker.figures import Figures
from tests.docker.load import Client, Load, Report, json_values

pytestmark = [pytest.mark.docker, pytest.mark.extended]
# Seconds from a hang to the first answer of what replaced it. Workers whose threads all wait permanently still run
# code: they may be in requests that are allowed to take `timeout`, 30 s here.
REPLACED = {"stopped": 30.0, "native": 30.0, "threads": 45.0}
CLIENTS = 60  # each asks rarely: whoever waits for the hung replica does not keep the others from asking
WAYS = ["stopped", "threads", "native"]


@dataclass
class Story:
    """What became of the sites; times in seconds since the hang."""

    way: str
    shop: Report
    lone: Report
    busy: Report
    left: float
    back: dict[str, float]
    late: float
    words: dict[str, str]
    streak: int
    busy_starts: tuple[str, str]


@pytest.fixture(scope="module")
def sites(deploy: Deploy) -> Deployment:
    two = {"workers": 2, "threads": 4}
    deployment = deploy(
        small("shop", replicas=2, gunicorn=two),
        small("lone", gunicorn=two),
        small("busy", gunicorn={"workers": 1, "threads": 2, "hungAfter": "10s"}),
    )
    for name in ("shop", "lone", "busy"):
        write_hanging(deployment, name)
    deployment.up()
    return deployment


@pytest.fixture(scope="module", params=[WAYS[0], *(pytest.param(way, marks=pytest.mark.soak) for way in WAYS[1:])])
def story(sites: Deployment, request: pytest.FixtureRequest) -> Iterator[Story]:
    yield tell(sites, request.param)


def tell(deployment: Deployment, way: str) -> Story:
    shop, lone = deployment.containers("gunicorn", "shop")[0], deployment.container("gunicorn", "lone")
    busy = deployment.container("gunicorn", "busy")
    number = execute(shop, "sh", "-c", "echo $PORTICO_REPLICA").strip()
    before, streak = start(busy), 0
    with (
        carry(deployment, "shop", CLIENTS) as shop_load,
        carry(deployment, "lone", 2) as lone_load,
        occupy(deployment) as busy_load,
    ):
        shop_load.wait(3)
        began = {"shop": hang(shop, way), "lone": hang(lone, way)}
        back: dict[str, float] = {}
        loads = {"shop": (shop_load, number), "lone": (lone_load, "0")}
        until = time.monotonic() + 60

        def look() -> bool:
            nonlocal streak
            busy.reload()
            streak = max(streak, busy.attrs["State"]["Health"]["FailingStreak"])
            for name, (load, replica) in loads.items():
                found = first_answer(load, replica, began[name])
                if found is not None:
                    back.setdefault(name, found)
            return len(back) == 2 or time.monotonic() > until

        await_until(look, 90)
        shop_load.wait(3)
        origin = time.monotonic() - shop_load.now()
    report = shop_load.report()
    old = [one for key, one in report.seen.items() if is_old(key, number, began["shop"])]
    requests = [failure.at - failure.after + origin - began["shop"] for failure in report.examples]
    return Story(
        way=way,
        shop=report,
        lone=lone_load.report(),
        busy=busy_load.report(),
        left=max(one.last for one in old) + origin - began["shop"],
        back=back,
        late=max(requests, default=0.0),
        words={"shop": last_words(shop), "lone": last_words(lone), "busy": last_words(busy)},
        streak=streak,
        busy_starts=(before, start(busy)),
    )


def carry(deployment: Deployment, site: str, clients: int) -> Load:
    kinds = [
        Client(host=f"{site}.localhost", path="/whoami", kept=n % 2 == 0, pause=(3, 6), timeout=60)
        for n in range(clients)
    ]
    return Load(
        ADDRESS, deployment.port, kinds, observe=json_values("replica", "born"), most_seconds=150, examples=1_000
    )


def occupy(deployment: Deployment) -> Load:
    """Both threads of `busy` are in requests of 8 s, and more wait: one ends at least every 8 s."""
    kinds = [Client(host="busy.localhost", path="/slow?seconds=8", kept=False, pause=(0, 4), long=True)] * 5
    return Load(ADDRESS, deployment.port, kinds, most_seconds=150)


def is_old(key: str, replica: str, at: float) -> bool:
    number, born = key.split("/")
    return number == replica and float(born) < at


def first_answer(load: Load, replica: str, at: float) -> float | None:
    """When a process of this replica that was born after `at` first answered, in seconds from `at`."""
    origin = time.monotonic() - load.now()
    seen = load.report().seen.items()
    return min(
        (
            one.first + origin - at
            for key, one in seen
            if key.split("/")[0] == replica and float(key.split("/")[1]) > at
        ),
        default=None,
    )


def start(container: Container) -> str:
    container.reload()
    return str(container.attrs["State"]["StartedAt"])


def test_a_hung_replica_is_replaced_in_time(story: Story, figures: Figures) -> None:
    print(f"\nC4: replaced after {story.back} s\n{story.words['shop']}\n{story.words['lone']}")
    assert set(story.back) == {"shop", "lone"}
    for site, what in {"shop": "one of two replicas", "lone": "the only replica"}.items():
        figures.record(
            "C4",
            f"{what} hangs ({story.way}): until its successor answers",
            target=f"<= {REPLACED[story.way]:g} s",
            measured=f"{story.back[site]:.1f} s",
            met=story.back[site] <= stretch(REPLACED[story.way]),
        )


def test_its_log_says_what_happened_and_why(story: Story) -> None:
    for site in ("shop", "lone"):
        limit = "requests may take 30 s" if story.way == "threads" else "gunicorn.hungAfter is 15 s"
        assert f"no request ended in that time ({limit}): this replica is ended" in story.words[site]
    assert "NGINX sends nothing here until it answers again" in story.words["shop"]
    assert "NGINX sends nothing here" not in story.words["lone"], "the last replica of a site stays in the rotation"


def test_the_other_replica_serves_meanwhile(story: Story, figures: Figures) -> None:
    report = story.shop
    print(f"\nC4: the last answer of the hung replica came {story.left:.1f} s after the hang,")
    print(f"the last request that failed was sent {story.late:.1f} s after it: {report.summary()}")
    # Only what NGINX had already given to the hung replica, or gave it on connections that were open to it.
    # NGINX waits 35 s for each of these: a replica that hangs for longer is left first.
    late = {"status 504"} if story.way == "threads" else set()
    assert set(report.failures) <= {"status 502", *late}, report.details()
    figures.record(
        "C4",
        f"requests that failed with it ({story.way}), and when the last of them was sent",
        target="<= 6 s after the hang",
        measured=f"{report.failed} of {report.sent}, {story.late:.1f} s",
        met=story.late <= stretch(6),
    )
    assert report.longest_gap() < stretch(3)


def test_a_busy_replica_is_left_alone(story: Story) -> None:
    print(f"\nC4: the busy replica failed {story.streak} health checks in a row: {story.busy.summary()}")
    assert story.streak >= 3, "the health check did not fail for longer than hungAfter: nothing was proven"
    assert story.busy_starts[0] == story.busy_starts[1]
    assert story.busy.lossless, story.busy.details()
    assert "is ended" not in story.words["busy"]


def test_requests_that_are_allowed_to_take_long_are_not_cut(sites: Deployment) -> None:
    """Both threads of `busy` are in requests of 22 s: longer than its `hungAfter`, and shorter than its `timeout`."""
    busy = sites.container("gunicorn", "busy")
    await_until(lambda: is_healthy(busy), 30)
    before = start(busy)

    def ask(_: int) -> int:
        return get(sites.port, "busy.localhost", "/slow?seconds=22", timeout=60).status

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(ask, range(2))) == [200, 200], last_words(busy)
    assert start(busy) == before


@pytest.mark.soak
def test_a_hung_replica_does_not_hold_up_a_release(sites: Deployment) -> None:
    await_until(lambda: all(map(is_healthy, sites.containers("gunicorn", "shop"))), 30)
    hang(sites.containers("gunicorn", "shop")[0], "stopped")
    sites.edit("shop", "# fixed")
    seconds = sites.up().seconds
    print(f"\na release of a site with a hung replica: {seconds:.1f} s")
    assert sites.present() == sites.wanted()
