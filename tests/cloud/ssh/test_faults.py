"""What happens to the machine, or to the way there: each ends with traffic served, and the next `up` converges."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cloud.ssh.place import Place
from tests.docker.applications import OFFLINE
from tests.docker.faults import stretch
from tests.docker.figures import Figures

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

CUT = "-p tcp --dport 22 -j DROP"


@pytest.mark.extended
def test_its_docker_restarts(place: Place, figures: Figures) -> None:
    with place.load() as load:
        load.wait(2)
        place.vm.run("systemctl", "restart", "docker")
        load.wait(3)
        seconds = place.await_page()
        load.wait(2)
    report = load.report()
    print(f"\n{report.details()}")
    figures.record(
        "S2",
        f"its Docker restarts, with live-restore: no answer for; {report.failed} of {report.sent} requests failed",
        target="<= 10 s",
        measured=f"{report.longest_gap():.1f} s",
        met=report.longest_gap() <= stretch(10),
    )
    assert seconds < stretch(10)
    place.converge()


@pytest.mark.parametrize("power_cut", [False, pytest.param(True, marks=pytest.mark.soak)], ids=["reboot", "power cut"])
@pytest.mark.extended
def test_it_is_away_and_comes_back(place: Place, figures: Figures, power_cut: bool) -> None:
    before = place.release()
    place.vm.stop(power_cut=power_cut)
    failed = place.deployment.up(fails=True)
    assert f"{place.vm.address} does not answer on port 22: it is down" in failed.output, failed.tail()
    assert "Nothing was changed." in failed.output and "Traceback" not in failed.output
    place.vm.start()
    seconds = place.await_page(180)
    figures.record(
        "S2",
        "it reboots: a page after it was switched on, without an `up`",
        target="<= 120 s",
        measured=f"{seconds:.1f} s",
        met=seconds <= 120,
    )
    assert place.release() == before
    place.vm.wait_ready()
    assert place.deployment.up().changes == 0
    place.converge()


# All that is sent is lost without an error; or every connection ends at once, and new ones are refused for a while.
@pytest.mark.parametrize("way", ["lost", pytest.param("closed", marks=pytest.mark.soak)])
@pytest.mark.extended
def test_the_way_there_is_cut_in_the_middle_of_up(place: Place, figures: Figures, way: str) -> None:
    before = place.release()
    place.deployment.edit("shop", f"# cut {time.monotonic()}")
    with place.load() as load:
        load.wait(1)
        with cut_when(place, "gunicorn", way):
            failed = place.deployment.up(fails=True)
        load.wait(1)
    report = load.report()
    print(f"\nup took {failed.seconds:.1f} s: {failed.tail(12)}\n{report.details()}")
    assert f"{place.vm.address} was lost in the middle of this update: " in failed.output, failed.output
    assert "Traceback" not in failed.output, failed.tail()
    figures.record(
        "S2",
        f"the way there is cut in the middle of `up`, which ends after {failed.seconds:.0f} s",
        target="0 requests lost",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )
    # A switch that has begun goes on without whoever began it, and asks the new replicas as ever.
    assert next(iter(report.seen)) == f"shop/{before}" and len(report.seen) <= 2, report.seen
    place.converge()


@pytest.mark.extended
def test_its_disk_is_full(place: Place, figures: Figures) -> None:
    before = place.release()
    with place.load() as load:
        load.wait(1)
        with place.vm.full(but=100 * 1024):
            place.deployment.edit("shop", "# full")
            failed = place.deployment.up(fails=True)
        load.wait(1)
    report = load.report()
    said = f"{place.vm.address} has "
    assert said in failed.output and "MB left on the disk of its Docker" in failed.output, failed.tail()
    assert "Nothing was changed." in failed.output and "Traceback" not in failed.output
    figures.record(
        "S2",
        "its disk is full",
        target="0 requests lost",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )
    assert place.release() == before
    place.converge()


@pytest.mark.soak
@pytest.mark.extended
def test_its_disk_fills_up_in_the_middle_of_a_build(place: Place) -> None:
    before = place.release()
    large = OFFLINE + "RUN head -c 2G /dev/zero >/large && rm /large\n"
    with place.vm.full(but=800 * 1024):
        place.deployment.write("shop", "Dockerfile", large)
        failed = place.deployment.up(fails=True)
    place.deployment.write("shop", "Dockerfile", OFFLINE)
    assert "The disk of the Docker engine is full. What served before keeps serving." in failed.output, failed.tail()
    assert "Traceback" not in failed.output
    assert place.release() == before
    place.converge()


@contextmanager
def cut_when(place: Place, role: str, way: str) -> Iterator[None]:
    """Cut the way in once another container of this role is there than now; open again at the end."""
    before, done = place.deployment.ids_of(role), threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            if place.deployment.ids_of(role) - before:
                if way == "closed":
                    place.vm.run("sh", "-c", "systemctl stop ssh; pkill -KILL sshd")
                else:
                    place.vm.run("sh", "-c", f"iptables -I INPUT {CUT}")
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
        # Nothing was cut where nothing was begun; the test fails for that.
        place.vm.run("sh", "-c", f"iptables -D INPUT {CUT} 2>/dev/null; systemctl start ssh")
