"""NGINX's container is never replaced for what a reload can do, and changes of scale lose nothing."""

import pytest

from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.docker.traffic import standard

pytestmark = pytest.mark.docker


def life(deployment: Deployment) -> tuple[str, str]:
    """Which NGINX runs, and since when."""
    edge = deployment.container("nginx")
    return str(edge.id), str(edge.attrs["State"]["StartedAt"])


def served(deployment: Deployment) -> str:
    """The digest of the configuration that NGINX's workers serve, by their own word."""
    return execute(deployment.container("nginx"), "curl", "-sf", "http://127.0.0.1:8081/tree").strip()


def test_changes_of_scale_lose_nothing(two_sites: Deployment) -> None:
    before = life(two_sites)
    with standard(two_sites) as load:
        load.wait(2)
        for replicas in (3, 1):
            two_sites.configure_site("hello", replicas=replicas)
            two_sites.up()
            assert len(two_sites.containers("gunicorn", "hello")) == replicas
            assert two_sites.present() == two_sites.wanted()
        load.wait(2)
    report = load.report()
    print(f"\nreplicas 2 -> 3 -> 1: {report.details()}")
    assert report.lossless, report.details()
    assert life(two_sites) == before


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
