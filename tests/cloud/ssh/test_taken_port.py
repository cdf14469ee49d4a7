"""A port or an address that is not free on the machine: one sentence, and what serves there keeps serving."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cloud.ssh.place import Place
from tests.docker.engine import free_port
from tests.docker.figures import Figures

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600), pytest.mark.extended]


@contextmanager
def listen(place: Place, user: str, port: int) -> Iterator[None]:
    """A program of that user has the port there."""
    serve = f"python3 -m http.server --bind 127.0.0.1 {port} >/dev/null 2>&1 & echo $!"
    pid = place.vm.run("su", user, "-s", "/bin/sh", "-c", serve).strip()
    try:
        place.vm.run("sh", "-c", f"until curl -s -o /dev/null 127.0.0.1:{port}; do sleep 0.1; done")
        yield
    finally:
        place.vm.run("kill", pid)


@pytest.mark.parametrize(
    ("user", "who"), [("root", "another program; end that one"), ("deploy", "the program python3 (process ")]
)
def test_a_port_that_a_program_has_there(place: Place, figures: Figures, user: str, who: str) -> None:
    # What the tests before this one left to do is no matter of this one.
    place.deployment.up()
    before, ids = place.release(), place.deployment.ids()
    first, port = place.deployment.port, free_port()
    with listen(place, user, port), place.load() as load:
        try:
            place.deployment.configure(port=port)
            load.wait(0.5)
            for options in ((), ("--refresh",)):
                failed = place.deployment.up(*options, fails=True)
                reported = f"portico:port: port {port} of 0.0.0.0 is taken on {place.vm.address} by {who}"
                assert reported in " ".join(failed.output.split()), failed.tail()
            load.wait(0.5)
        finally:
            place.deployment.configure(port=first)
    report = load.report()
    figures.record(
        "S2",
        f"another port is written, and a program of {user}'s has it there: 2 runs",
        target="0 requests lost",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )
    assert (place.release(), place.deployment.ids()) == (before, ids)
    assert place.deployment.up().changes == 0


def test_an_address_that_the_machine_has_not(place: Place) -> None:
    ids = place.deployment.ids()
    try:
        place.deployment.configure(address="203.0.113.9")
        failed = place.deployment.up(fails=True)
    finally:
        place.deployment.configure(address="0.0.0.0")
    text = " ".join(failed.output.split())
    reported = f"portico:address: 203.0.113.9 is not an address of {place.vm.address}; write one that it has ("
    assert reported in text and place.vm.address in text.partition(reported)[2], failed.tail()
    assert place.deployment.ids() == ids
