"""Where a site answers that went live by an update which failed for another one."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from portico.cli.commands.logs import choose_any
from portico.cli.refused import Refused
from portico.cli.site_urls import add_urls
from tests.config.sample import SHOP, write_files

SITE = "{name: %s, source: shop, entry: 'web:app', hosts: [%s.example]}"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_files(tmp_path / "shop", SHOP)
    sites = ", ".join(SITE % (name, name) for name in ("shop", "blog"))
    write_files(
        tmp_path,
        {
            "Pulumi.yaml": "name: portico\n",
            "Pulumi.dev.yaml": f"config:\n  portico:port: 8200\n  portico:sites: [{sites}]\n",
        },
    )
    return tmp_path


def test_what_is_not_on_record_follows_from_the_settings(root: Path) -> None:
    assert add_urls({}, ["shop"], root, "dev") == {"shop": "http://shop.example:8200"}
    known = {"blog": "https://elsewhere.example"}
    assert add_urls(known, ["shop", "blog"], root, "dev") == known | {"shop": "http://shop.example:8200"}


def test_what_is_on_record_counts_and_settings_that_are_wrong_are_no_matter(root: Path) -> None:
    (root / "Pulumi.dev.yaml").write_text("config:\n  portico:port: none\n")
    known = {"shop": "https://elsewhere.example"}
    assert add_urls(known, ["shop"], root, "dev") == known
    assert add_urls(known, ["shop", "blog"], root, "dev") == known


def test_the_logs_of_a_site_that_never_went_live_are_shown_by_its_name() -> None:
    found = [SimpleNamespace(labels=labels) for labels in ({"portico.site": "rel"}, {"portico.role": "nginx"})]
    deployed: Any = SimpleNamespace(stack="dev", releases={"shop": "a"}, list_containers=lambda: found)
    assert choose_any(deployed, "rel") == "rel" and choose_any(deployed, "shop") == "shop"
    with pytest.raises(Refused, match="one of: shop rel"):
        choose_any(deployed, "other")
    with pytest.raises(Refused, match="which site"):
        choose_any(deployed, "")
