"""`make up` killed with SIGKILL: `make recover` converges, nothing is left over, and nobody notices.

The moments are lines of Pulumi's own output, and what is on the engine after them.
"""

import itertools
import json
import time
from collections.abc import Iterator

import pytest

from tests.docker.applications import small, write_small
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.killed import Running, tell_holder
from tests.docker.load import Report
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
HOST = "shop.localhost"
NUMBERS = itertools.count(1)
MOMENTS = [
    pytest.param("shop-gunicorn-0 creating", "gunicorn", id="replicas start", marks=pytest.mark.soak),
    pytest.param("portico-release-switch creating", "switch", id="switch", marks=pytest.mark.soak),
    pytest.param("deleting original", None, id="old replicas stop", marks=pytest.mark.soak),
]


@pytest.fixture(scope="module")
def shop(deploy: Deploy) -> Iterator[Deployment]:
    deployment: Deployment = deploy(small("shop", replicas=2))
    write_small(deployment, "shop")
    yield deployment


def check_order(deployment: Deployment) -> None:
    """Nothing but what is wanted: containers, one network, three volumes, the images that can be gone back to."""
    assert deployment.present() == deployment.wanted()
    rest = [name for name in deployment.leftovers() if not name.startswith("container ")]
    assert len([name for name in rest if not name.startswith("image ")]) == 4, rest
    kept = {record["image"] for record in deployment.outputs()["history"]["shop"]}
    assert {name.rpartition(":")[2] for name in rest if name.startswith("image ")} == kept
    pending = deployment.pulumi("stack", "export", "--stack", deployment.name).output
    assert '"pending_operations"' not in pending


def interrupt(deployment: Deployment, line: str, later: float, role: str | None = None) -> bool:
    """Kill an `up` a while after it printed `line`; with `role`, once the engine has one more container of it."""
    before = count(deployment, role)
    running = Running(deployment, next(NUMBERS))
    running.await_line(line)
    while role and count(deployment, role) == before:
        assert running.process.poll() is None, running.log.read_text()
        time.sleep(0.02)
    time.sleep(later)
    return running.kill()


def count(deployment: Deployment, role: str | None) -> int:
    return len([labels for labels, _ in deployment.briefly() if role in (None, labels["portico.role"])])


def list_orphans(deployment: Deployment) -> list[str]:
    """The containers that the killed run made and could not write down; how many depends on the moment."""
    exported = json.loads(deployment.pulumi("stack", "export", "--stack", deployment.name).output)
    known = {one.get("id") for one in exported["deployment"]["resources"]}
    return [str(one.name) for one in deployment.containers() if one.id not in known]


@pytest.mark.extended
def test_the_first_up_of_a_stack(shop: Deployment) -> None:
    # At once: the engine has the container, and Pulumi still waits for its start.
    assert interrupt(shop, "shop-gunicorn-0 creating", 0, "gunicorn")
    orphans = list_orphans(shop)
    said = tell_holder(shop)
    assert "was interrupted" in said and f"make recover ENV={shop.name}" in said
    print(f"\nsaid before: {said}")
    result = shop.recover()
    removed = [line.split()[2] for line in result.output.splitlines() if line.startswith("Removing container ")]
    assert sorted(removed) == sorted(orphans)
    print(f"orphans: {', '.join(orphans) or 'none'}")
    check_order(shop)
    assert not tell_holder(shop)
    print(f"recovered in {result.seconds:.1f} s")


@pytest.fixture
def live(shop: Deployment) -> Deployment:
    """It, up: `make soak` does not run the test that puts it there."""
    if "releases" not in shop.outputs():
        shop.up()
    return shop


@pytest.mark.usefixtures("live")
@pytest.mark.parametrize(("line", "role"), MOMENTS)
def test_a_release(shop: Deployment, figures: Figures, line: str, role: str | None) -> None:
    old = shop.outputs()["releases"]["shop"]
    with light(shop, HOST) as load:
        shop.edit("shop", f"# {line}")
        assert interrupt(shop, line, 0.05, role)
        result = shop.recover()
        load.wait(1)
    new = shop.outputs()["releases"]["shop"]
    assert new != old
    check_serving(load.report(), [old, new], result.seconds, figures)
    check_order(shop)


@pytest.mark.usefixtures("live")
@pytest.mark.extended
def test_a_release_that_is_taken_back_afterwards(shop: Deployment, figures: Figures) -> None:
    """The killed switch may have finished without Pulumi: NGINX serves what no state says."""
    old, good = shop.outputs(), (shop.source("shop") / "web.py").read_text()
    with light(shop, HOST) as load:
        shop.edit("shop", "# not wanted after all")
        assert interrupt(shop, "portico-release-switch creating", 1, "switch")
        (shop.source("shop") / "web.py").write_text(good)
        time.sleep(8)  # the switch waits for the old workers, and then it is done
        result = shop.recover()
        load.wait(1)
    assert shop.outputs()["releases"] == old["releases"] and shop.outputs()["tree"] == old["tree"]
    report = load.report()
    check_serving(report, None, result.seconds, figures)
    assert len(report.seen) == 2, f"the switch did not end by itself: {report.seen}"
    check_order(shop)


@pytest.mark.soak
@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("quarter", range(2, 82, 5))
def test_at_every_moment_of_a_release(shop: Deployment, figures: Figures, quarter: int) -> None:
    """Moments over a second apart, from the first words of make to the end of a release."""
    with light(shop, HOST) as load:
        shop.edit("shop", f"# moment {quarter}")
        running = Running(shop, next(NUMBERS))
        time.sleep(quarter / 4)
        lived = running.kill()
        result = shop.recover()
        load.wait(1)
    print(f"\nkilled after {quarter / 4} s: {'running' if lived else 'had ended'}")
    check_serving(load.report(), None, result.seconds, figures)
    check_order(shop)


def check_serving(report: Report, releases: list[str] | None, seconds: float, figures: Figures) -> None:
    print(f"\nrecovered in {seconds:.1f} s: {report.details()}")
    figures.record(
        "C9",
        "killed, then `make recover`",
        target="0 failed, nothing left over",
        measured=f"{report.failed} of {report.sent} failed, in order after {seconds:.1f} s",
        met=report.lossless,
    )
    if releases:
        assert list(report.seen) == [f"shop/{release}" for release in releases]
