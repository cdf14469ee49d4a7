"""The whole program on a machine over SSH: a page, and releases of which no request notices anything."""

import docker
import pytest

from tests.cloud.ssh.place import Place
from tests.docker.figures import SOAK, Figures

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]

RELEASES = 20 if SOAK else 1


def test_from_nothing_to_a_page(place: Place, figures: Figures) -> None:
    outputs, seconds = place.deployment.outputs(), place.first.seconds
    assert place.release() == outputs["releases"]["shop"]
    figures.record(
        "S1", "a page after the first `up`", target="<= 120 s", measured=f"{seconds:.1f} s", met=seconds <= 120
    )
    assert outputs["address"] == place.vm.address
    assert place.deployment.present() == place.deployment.wanted()


def test_images_are_built_there_and_nowhere_else(place: Place) -> None:
    images = place.deployment.images()
    assert images
    here = docker.from_env()
    assert not [image for image in images if here.images.list(name=image)]
    here.close()


# Without a refresh each release of these tests is followed by one (Place.converge).
@pytest.mark.parametrize(
    "options", [pytest.param([], marks=pytest.mark.extended), ["--refresh"]], ids=["plain", "refresh"]
)
def test_the_next_up_finds_nothing_to_do(place: Place, options: list[str]) -> None:
    assert place.deployment.up(*options).changes == 0


def test_the_machines_key_is_kept_in_a_file_of_the_stack(place: Place) -> None:
    known = (place.deployment.folder / ".portico" / "known_hosts" / place.deployment.name).read_text()
    (line,) = known.splitlines()
    assert line.startswith(f"{place.vm.address} ")
    assert line.split()[1:3] in [text.split()[:2] for text in list_host_keys(place)]


def list_host_keys(place: Place) -> list[str]:
    return place.vm.run("sh", "-c", "cat /etc/ssh/ssh_host_*.pub").splitlines()


@pytest.mark.timeout(2400)
def test_releases_in_a_row_lose_nothing(place: Place, figures: Figures) -> None:
    seconds, names = [], [place.release()]
    with place.load() as load:
        load.wait(2)
        for number in range(RELEASES):
            place.deployment.edit("shop", f"# release {number}")
            seconds.append(place.deployment.up().seconds)
            names.append(place.release())
        load.wait(3)
    report = load.report()
    print(f"\n{len(seconds)} releases of {', '.join(f'{one:.1f}' for one in seconds)} s: {report.details()}")
    assert len(set(names)) == RELEASES + 1
    assert list(report.seen) == [f"shop/{name}" for name in names]
    figures.record(
        "S1",
        f"requests lost in {len(seconds)} releases of {min(seconds):.0f}-{max(seconds):.0f} s",
        target="0",
        measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
        met=report.lossless,
    )
