"""NGINX's container is never replaced for what a reload can do; changes of scale, and of its image, lose nothing."""

import pytest

from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.docker.figures import SOAK, Figures
from tests.docker.traffic import light, standard

pytestmark = pytest.mark.docker
ROUNDS = 5 if SOAK else 1


def life(deployment: Deployment) -> tuple[str, str]:
    """Which NGINX runs, and since when."""
    edge = deployment.container("nginx")
    return str(edge.id), str(edge.attrs["State"]["StartedAt"])


def served(deployment: Deployment) -> str:
    """The digest of the configuration that NGINX's workers serve, by their own word."""
    return execute(deployment.container("nginx"), "curl", "-sf", "http://127.0.0.1:8081/tree").strip()


@pytest.mark.timeout(1200 if SOAK else 300)
@pytest.mark.extended
def test_changes_of_scale_and_of_gunicorn_lose_nothing(two_sites: Deployment, figures: Figures) -> None:
    """More replicas, fewer with more threads in each, and the beginning again."""
    before = life(two_sites)
    with standard(two_sites, clients=32, most_seconds=1100) as load:
        load.wait(2)
        for _ in range(ROUNDS):
            for replicas, threads in ((3, 4), (1, 6), (2, 4)):
                two_sites.configure_site("hello", replicas=replicas, gunicorn={"threads": threads})
                two_sites.up()
                found = two_sites.containers("gunicorn", "hello")
                assert len(found) == replicas
                for one in found:
                    assert f"threads = {threads} " in execute(one, "cat", "/etc/gunicorn/gunicorn.conf.py")
                assert two_sites.present() == two_sites.wanted()
        load.wait(2)
    report = load.report()
    print(f"\nreplicas 2 -> 3 -> 1 -> 2, {ROUNDS} times: {report.details()}")
    assert life(two_sites) == before
    figures.record(
        "R3",
        f"requests lost while replicas go from 2 to 3, 1 and 2 and threads from 4 to 6 and back, {ROUNDS} times",
        target="0",
        measured=f"{report.failed} of {report.sent:,}",
        met=report.lossless,
    )


@pytest.mark.timeout(1200 if SOAK else 300)
@pytest.mark.extended
def test_another_image_of_nginx_loses_nothing(two_sites: Deployment, figures: Figures) -> None:
    """Older and newer, and once together with a release: the old NGINX must be gone before the old replicas are."""
    usual = life(two_sites)[0]
    holder = two_sites.container("port")
    for older in ("1.26.3", "1.22.1") if SOAK else ("1.26.3",):
        with standard(two_sites, clients=32, most_seconds=250) as load:
            load.wait(2)
            two_sites.edit("hello", f"# beside NGINX {older}")
            two_sites.configure(nginxImage=f"nginx:{older}")
            two_sites.up()
            load.wait(2)
        report = load.report()
        assert life(two_sites)[0] != usual and two_sites.present() == two_sites.wanted()
        assert f"nginx/{older}" in execute(two_sites.container("nginx"), "sh", "-c", "nginx -v 2>&1")
        assert served(two_sites) == two_sites.outputs()["tree"]
        assert two_sites.container("port").id == holder.id
        slow = sum(sample.long for sample in report.samples)
        print(f"\nto NGINX {older} and a release: {report.details()}; {slow} slow requests")
        figures.record(
            "R6",
            f"requests lost while NGINX {older} takes the place of 1.30.6, with a release in the same update",
            target="0",
            measured=f"{report.failed} of {report.sent:,}; longest gap {report.longest_gap():.2f} s",
            met=report.lossless and slow > 0,
        )
        # Back without the load: such an old NGINX resets connections that a client keeps (docs/releases.md).
        two_sites.configure(nginxImage=None)
        two_sites.up()


@pytest.mark.extended
@pytest.mark.timeout(600)
def test_a_bad_release_is_out_although_an_older_nginx_cannot_start_with_the_live_files(two_sites: Deployment) -> None:
    old = two_sites.outputs()["releases"]["hello"]
    module = two_sites.source("hello") / "hello.py"
    good = module.read_text()
    with light(two_sites, "localhost") as load:
        load.wait(1)
        module.write_text(f"import nothere\n{good}")
        two_sites.configure(nginxImage="nginx:1.26.3", healthTimeout=20)
        for _ in range(2):
            assert "No module named 'nothere'" in two_sites.up(fails=True).output
            assert get(two_sites.port, "localhost", "/whoami").json()["release"] == old
        load.wait(1)
    report = load.report()
    assert report.lossless and list(report.seen) == [f"hello/{old}"], report.details()
    module.write_text(good)
    two_sites.configure(nginxImage=None, healthTimeout=None)
    two_sites.up()
    assert two_sites.present() == two_sites.wanted()


@pytest.mark.extended
def test_nginx_outlives_releases_and_its_own_settings(two_sites: Deployment) -> None:
    before, old = life(two_sites), two_sites.outputs()
    two_sites.edit("hello", "# another release")
    two_sites.configure_site("hello", replicas=2)
    two_sites.up()
    new = two_sites.outputs()
    assert new["releases"]["hello"] != old["releases"]["hello"]
    assert get(two_sites.port, "localhost", "/whoami").json()["release"] == new["releases"]["hello"]
    assert life(two_sites) == before

    two_sites.configure(nginx={"keepalive": "33s"})
    two_sites.up()
    assert served(two_sites) == two_sites.outputs()["tree"] != new["tree"]
    assert two_sites.outputs()["releases"] == new["releases"]
    assert life(two_sites) == before
    assert "33s;" in execute(two_sites.container("nginx"), "cat", "/etc/portico/live/nginx.conf")
    assert two_sites.present() == two_sites.wanted()
