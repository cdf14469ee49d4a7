"""An image that cannot be built: its own words are reported, what served before serves, the other sites go on."""

from typing import Any

import pytest

from tests.docker.applications import small, write_small
from tests.docker.ask import ask, get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.traffic import light

pytestmark = pytest.mark.docker
BAD = "flask==3.1.3\nflask-that-nobody-has==9\n"
CAUSE = "Likely cause: pip finds no flask-that-nobody-has==9: see its name and version in the requirements of {}"


def read_whoami(deployment: Deployment, site: str) -> dict[str, Any]:
    answer: dict[str, Any] = get(deployment.port, f"{site}.localhost", "/whoami").json()
    return answer


@pytest.mark.extended
def test_a_package_that_nobody_has_is_named(two_sites: Deployment) -> None:
    with light(two_sites, "localhost") as load:
        two_sites.write("hello", "requirements.txt", BAD)
        said = two_sites.up(fails=True).output
        load.wait(0.5)
    _, _, diagnostics = said.partition("\nDiagnostics:\n")
    assert CAUSE.format("hello") in diagnostics, diagnostics
    assert "ERROR: No matching distribution found for flask-that-nobody-has==9" in diagnostics
    assert load.report().lossless, load.report().details()


@pytest.mark.extended
def test_the_other_sites_go_live_all_the_same(deploy: Deploy) -> None:
    """From the first update on: what is there is served, what changes is changed, what is new is added."""
    both = deploy(small("shop"), small("other"))
    for site in ("shop", "other"):
        write_small(both, site)
    both.write("shop", "requirements.txt", BAD)
    check_refused(both.up(fails=True, door="make").output)
    assert read_whoami(both, "other")["site"] == "other"
    assert ask(both.port, "shop.localhost", "/whoami") is None

    both.write("shop", "requirements.txt", "flask==3.1.3\n")
    both.up()
    shop, other = both.outputs()["releases"]["shop"], both.outputs()["releases"]["other"]
    with light(both, "shop.localhost", "other.localhost") as load:
        both.write("shop", "requirements.txt", BAD)
        both.edit("other", "# another release")
        both.configure(sites=[*both.settings["sites"], small("guest")])
        write_small(both, "guest")
        check_refused(both.up(fails=True, door="make").output)
        check_refused(both.up(fails=True, door="make").output)  # an unchanged second run
        assert read_whoami(both, "shop")["release"] == shop
        assert read_whoami(both, "other")["release"] != other
        assert read_whoami(both, "guest")["site"] == "guest"
        both.write("shop", "requirements.txt", "flask==3.1.3\n# fixed\n")
        both.up()
        load.wait(0.5)
    assert read_whoami(both, "shop")["release"] == both.outputs()["releases"]["shop"] != shop
    assert load.report().lossless, load.report().details()
    assert both.present() == both.wanted()


def check_refused(said: str) -> None:
    assert CAUSE.format("shop") in said, said
    assert "shop did not go live; see the error above." in said, said
    assert said.count("Likely cause") == 1, said
