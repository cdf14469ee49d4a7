"""Releases in a row lose no request, and each leaves nothing of the one before it.

The short form makes two. `make soak` goes on until there were both the releases and the requests that the row asks for.
"""

import pytest

from tests.docker.ask import ADDRESS
from tests.docker.engine import Deployment
from tests.docker.figures import SOAK, Figures
from tests.docker.load import Load, stream_client
from tests.docker.memory import Memory
from tests.docker.traffic import RATE, standard

pytestmark = pytest.mark.docker

RELEASES, REQUESTS = (20, 100_000) if SOAK else (2, 1_000)
STEADY = 60.0 if SOAK else 5.0  # seconds before the first release
SLOWER = 2.0  # by this factor the 99th percentile may be worse while releases go on


@pytest.mark.timeout(2400 if SOAK else 300)
def test_releases_in_a_row_lose_nothing(two_sites: Deployment, figures: Figures) -> None:
    names = [two_sites.outputs()["releases"]["hello"]]
    seconds: list[float] = []
    rate = 2 * RATE if SOAK else RATE
    with Memory(two_sites, "nginx") as memory, standard(two_sites, clients=32, rate=rate, most_seconds=2100) as load:
        load.wait(STEADY)
        since = load.now()
        while len(seconds) < RELEASES or load.begun() < REQUESTS:
            two_sites.edit("hello", f"# release {len(seconds)}")
            # Each other one as the README says.
            seconds.append(two_sites.up(door="pulumi" if len(seconds) % 2 else "make").seconds)
            names.append(two_sites.outputs()["releases"]["hello"])
            assert two_sites.present() == two_sites.wanted()
        until = load.now()
        load.wait(3)
    report = load.report()
    slow = sum(sample.long for sample in report.samples)
    steady, during = report.latency(99, until=since), report.latency(99, since=since, until=until)
    print(f"\n{len(seconds)} releases of {', '.join(f'{one:.1f}' for one in seconds)} s: {report.details()}")
    print(f"p99 steady {steady * 1000:.1f} ms, during releases {during * 1000:.1f} ms; {slow} slow requests")
    figures.record(
        "R1",
        f"requests lost in {len(seconds)} releases of {min(seconds):.0f}-{max(seconds):.0f} s",
        target=f"0 of at least {REQUESTS:,}",
        measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
        met=report.lossless and report.sent >= REQUESTS,
    )
    assert len(set(names)) == len(seconds) + 1
    assert list(report.seen) == [f"hello/{name}" for name in names]
    assert all(report.hosts[host]["ok"] > 100 for host in ("localhost", "httpbin.localhost")), report.hosts
    figures.record(
        "R1",
        "requests of 3 s, all of them answered",
        target="more than releases",
        measured=f"{slow:,}",
        met=report.lossless and slow > len(seconds),
    )
    if SOAK:
        figures.record(
            "E1",
            f"NGINX over {len(seconds)} releases",
            target="last third <= 1.2 x first third",
            measured=memory.describe("nginx"),
            met=memory.growth("nginx") <= 1.2,
        )
        figures.record(
            "R1",
            "99th percentile while releases go on",
            target=f"<= {SLOWER:g} x steady",
            measured=f"{during * 1000:.1f} ms, steady {steady * 1000:.1f} ms (x {during / steady:.2f})",
            met=during <= SLOWER * steady,
        )


@pytest.mark.soak
def test_streams_of_events_are_followed_to_their_end(two_sites: Deployment, figures: Figures) -> None:
    """Those that end within the longest time of a request, after the reload too; longer ones may be cut."""
    clients = [stream_client("localhost", events) for events in (5, 10, 20) for _ in range(2)]
    with Load(ADDRESS, two_sites.port, clients, most_seconds=200) as load:
        load.wait(2)
        for number in range(2):
            two_sites.edit("hello", f"# release {number} under streams")
            two_sites.up()
        load.wait(2)
    report = load.report()
    print(f"\nstreams: {report.details()}")
    figures.record(
        "R8",
        "streams of 5 to 20 s that missed an event, over 2 releases",
        target="0",
        measured=f"{report.failed} of {report.sent}",
        met=report.lossless and report.sent > len(clients),
    )
