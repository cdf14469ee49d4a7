"""Five releases in a row lose no request, and each leaves nothing of the one before it."""

import pytest

from tests.docker.engine import Deployment
from tests.docker.traffic import standard

pytestmark = pytest.mark.docker
RELEASES = 5


def test_five_releases_in_a_row_lose_nothing(two_sites: Deployment) -> None:
    names = [two_sites.outputs()["releases"]["hello"]]
    seconds = []
    with standard(two_sites) as load:
        load.wait(3)
        for number in range(RELEASES):
            two_sites.edit("hello", f"# release {number}")
            seconds.append(two_sites.up().seconds)
            names.append(two_sites.outputs()["releases"]["hello"])
            assert two_sites.present() == two_sites.wanted()
        load.wait(3)
    report = load.report()
    print(f"\n{RELEASES} releases of {', '.join(f'{one:.1f}' for one in seconds)} s: {report.details()}")
    assert report.lossless, report.details()
    assert len(set(names)) == RELEASES + 1
    assert list(report.seen) == [f"hello/{name}" for name in names]
    assert all(report.hosts[host]["ok"] > 100 for host in ("localhost", "httpbin.localhost")), report.hosts
