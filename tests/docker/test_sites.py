"""A site comes and goes, and the others serve all the while."""

import pytest

from tests.docker.applications import small, write_small
from tests.docker.ask import ask, get
from tests.docker.engine import Deployment
from tests.docker.figures import SOAK, Figures
from tests.docker.traffic import standard

pytestmark = pytest.mark.docker
TIMES = 5 if SOAK else 1


@pytest.mark.timeout(1200 if SOAK else 300)
def test_adding_and_removing_a_site_loses_nothing_for_the_others(two_sites: Deployment, figures: Figures) -> None:
    others, edge = two_sites.ids_of("gunicorn"), two_sites.ids_of("nginx")
    sites = two_sites.settings["sites"]
    write_small(two_sites, "guest")
    with standard(two_sites, clients=32, most_seconds=1100) as load:
        load.wait(1)
        for _ in range(TIMES):
            two_sites.configure(sites=[*sites, small("guest")])
            assert "guest: added: " in two_sites.preview().output
            two_sites.up()
            assert get(two_sites.port, "guest.localhost", "/whoami").json()["site"] == "guest"
            assert two_sites.present() == two_sites.wanted()

            two_sites.configure(sites=sites)
            two_sites.up()
            assert ask(two_sites.port, "guest.localhost", "/whoami") is None
            assert two_sites.present() == two_sites.wanted()
        load.wait(1)
    report = load.report()
    print(f"\na site added and removed {TIMES} times: {report.details()}")
    assert two_sites.ids_of("gunicorn") == others
    assert two_sites.ids_of("nginx") == edge
    figures.record(
        "R7",
        f"requests of the other sites lost while one is added and removed, {TIMES} times",
        target="0",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )
