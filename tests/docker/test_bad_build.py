"""An image that cannot be built: the build's own words are told, and what served before keeps serving."""

import pytest

from tests.docker.applications import small, write_small
from tests.docker.conftest import Deploy
from tests.docker.traffic import light

pytestmark = pytest.mark.docker


def test_a_package_that_nobody_has_is_named(deploy: Deploy) -> None:
    shop = deploy(small("shop"))
    write_small(shop, "shop")
    shop.up()
    with light(shop, "shop.localhost") as load:
        shop.write("shop", "requirements.txt", "flask==3.1.3\nflask-that-nobody-has==9\n")
        said = shop.up(fails=True).output
        load.wait(0.5)
    _, _, diagnostics = said.partition("\nDiagnostics:\n")
    cause = "Likely cause: pip finds no flask-that-nobody-has==9: see its name and version in the requirements of shop"
    assert cause in diagnostics, diagnostics
    assert "ERROR: No matching distribution found for flask-that-nobody-has==9" in diagnostics
    assert load.report().lossless, load.report().details()
