"""The files say what the settings say: read back by another program, and compared one by one."""

from pathlib import Path

import pytest

from portico.config.settings import Mistakes
from tests.property.pool import Tried, holds_for_stacks
from tests.property.reading import (
    find_location,
    find_server,
    value,
)
from tests.property.rendered import parse, render
from tests.property.round_trip import check_everything


@holds_for_stacks()
def test_the_tree_says_what_the_settings_say(stack: Tried) -> None:
    check_everything(stack.rendered, stack.main)


@pytest.mark.parametrize("version", ["1.26.3", "1.30.6"])
def test_what_is_no_static_file_of_a_shared_host_has_what_its_route_says(root: Path, version: str) -> None:
    """All of a site and all of its route / stand in one location there: nothing twice, and the route wins."""
    route = {"path": "/", "body": "2M", "cache": "5s", "rate": {"rate": "1r/s"}}
    limits = {"rate": {"rate": "9r/s", "dryRun": True}}
    site = {"name": "a", "source": "plain", "entry": "web:app", "hosts": ["a.example"], "path": "/a"}
    values = {"nginxImage": f"nginx:{version}", "sites": [site | {"routes": [route], "limits": limits}]}
    rendered = render(values, root)
    main = parse(rendered)
    check_everything(rendered, main)
    application = find_location(find_server(main, "a.example"), "@a.application")
    assert (value(application, "client_max_body_size"), value(application, "limit_req_dry_run")) == ("2m", None)
    assert value(application, "limit_req") == "zone=a.rate.1 burst=20 nodelay"


def test_aliases_lead_to_a_name_that_exists(root: Path) -> None:
    site = {"name": "a", "source": "plain", "entry": "web:app", "hosts": ["*.shop.example"], "aliases": ["b.example"]}
    with pytest.raises(Mistakes, match="is not a single name"):
        render({"sites": [site]}, root)
