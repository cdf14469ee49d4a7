"""A configuration that NGINX refuses: NGINX's own line says why, each time, and nothing is touched."""

import io
import re

import pytest

from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.commands import Door
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.figures import Figures
from tests.docker.traffic import light

pytestmark = pytest.mark.docker


def serving(deployment: Deployment) -> set[str]:
    """Everything but the container of the check itself."""
    check = {str(container.id) for container in deployment.containers("check")}
    return deployment.ids() - check


@pytest.mark.parametrize(
    "doors",
    [
        pytest.param(("make",), id="make"),
        pytest.param(("pulumi", "make"), id="pulumi and make", marks=pytest.mark.extended),
    ],
)
def test_a_refused_template_touches_nothing(two_sites: Deployment, figures: Figures, doors: tuple[Door, ...]) -> None:
    deployment = two_sites
    before, images = serving(deployment), deployment.images()
    release = deployment.outputs()["releases"]["hello"]
    template = deployment.folder / "config" / "templates" / "nginx" / "parts" / "macros.j2"
    good = template.read_text()
    with light(deployment, "localhost") as load:
        template.write_text(good.replace("proxy_read_timeout", "proxy_reed_timeout"))
        # A new release, were the configuration right.
        deployment.edit("hello", f"# released once the template is fixed {doors}")
        failed = [deployment.up(fails=True, door=door) for door in doors]
        assert serving(deployment) == before
        assert deployment.images() == images
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    assert list(report.seen) == [f"hello/{release}"]
    for result in failed:
        line = r'\[emerg\] .*unknown directive "proxy_reed_timeout" in .*/conf\.d/hello\.conf:\d+'
        assert re.search(line, result.output), result.tail()
        assert "NGINX refused the configuration" in result.output
        assert 'File "' not in result.output, result.tail()
    figures.record(
        "C7",
        f"a configuration that NGINX refuses, run {len(doors)} times",
        target="0 failed",
        measured=f"{report.failed} of {report.sent} failed, refused after {failed[0].seconds:.1f} s",
        met=report.lossless,
    )
    print(f"\nrefused within {[round(result.seconds, 1) for result in failed]} s; {report.details()}")

    with light(deployment, "localhost") as load:
        template.write_text(good)
        deployment.up()
        load.wait(1)
    report = load.report()
    assert report.lossless, report.details()
    assert deployment.present() == deployment.wanted()
    assert list(report.seen) == [f"hello/{release}", f"hello/{deployment.outputs()['releases']['hello']}"]


@pytest.mark.extended
def test_an_image_that_cannot_take_the_port_over_touches_nothing(deploy: Deploy) -> None:
    """It has no Perl; where it says so, or the settings do, NGINX holds the port itself."""
    deployment = deploy(small("shop"))
    write_small(deployment, "shop")
    deployment.up()
    before, image = serving(deployment), "portico-test/nginx-without-perl:1.30.6"
    recipe = io.BytesIO(b"FROM nginx:1.30.6\nUSER 0\nRUN rm /usr/bin/perl\n")
    deployment.engine.images.build(fileobj=recipe, tag=image, rm=True)
    try:
        deployment.configure(nginxImage=image)
        result = deployment.up(fails=True)
        assert "NGINX's image has no Perl" in result.output and "nginx.handover: false" in result.output
        assert serving(deployment) == before
        deployment.configure(nginx={"handover": False})
        deployment.up()
        assert get(deployment.port, "shop.localhost", "/whoami").status == 200
        assert deployment.container("nginx").attrs["HostConfig"]["PortBindings"]
        assert not deployment.containers("port")
        deployment.destroy()
    finally:
        deployment.engine.images.remove(image, force=True)
