"""Changes of NGINX's own settings, one after the other, lose no request and never replace its container."""

import pytest

from tests.docker.engine import Deployment, execute
from tests.docker.figures import SOAK, Figures
from tests.docker.memory import Memory
from tests.docker.traffic import standard

pytestmark = pytest.mark.docker

RELOADS = 50 if SOAK else 2
FLAT = 1.2  # memory of the last third over that of the first


@pytest.mark.extended
@pytest.mark.timeout(2400 if SOAK else 300)
def test_reloads_in_a_row_lose_nothing(two_sites: Deployment, figures: Figures) -> None:
    before, trees, seconds = two_sites.ids_of("nginx", "gunicorn"), {two_sites.outputs()["tree"]}, []
    with standard(two_sites, clients=32, most_seconds=2100) as load:
        load.wait(20 if SOAK else 2)  # by then every thread of every worker has served
        with Memory(two_sites, "nginx", "gunicorn") as memory:
            for number in range(RELOADS):
                # From 66: 65 is what was live before.
                two_sites.configure(nginx={"keepalive": f"{66 + number}s"})
                seconds.append(two_sites.up().seconds)
                trees.add(execute(two_sites.container("nginx"), "curl", "-sf", "http://127.0.0.1:8081/tree").strip())
        load.wait(2)
    report = load.report()
    print(f"\n{RELOADS} reloads of {min(seconds):.1f}-{max(seconds):.1f} s: {report.details()}")
    assert len(trees) == RELOADS + 1, "a change did not go live"
    assert two_sites.ids_of("nginx", "gunicorn") == before
    figures.record(
        "R2",
        f"requests lost in {RELOADS} reloads of {min(seconds):.0f}-{max(seconds):.0f} s",
        target="0",
        measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
        met=report.lossless,
    )
    if SOAK:
        for role in ("nginx", "gunicorn"):
            figures.record(
                "E1",
                f"{'NGINX' if role == 'nginx' else 'All replicas of Gunicorn'} over {RELOADS} reloads",
                target=f"last third <= {FLAT:g} x first third",
                measured=memory.describe(role),
                met=memory.growth(role) <= FLAT,
            )
