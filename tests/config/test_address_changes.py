"""A site that leaves its URL says so before."""

from pathlib import Path

import pytest

from portico.config.messages.address_changes import tell_address
from tests.config.sample import make_site, read_settings

OLD = "http://shop.example:8080/"


def tell(root: Path, before: str, now: str, **settings: object) -> list[str]:
    return tell_address(read_settings(root, make_site(**settings)).sites[0], before, now)


@pytest.mark.parametrize("now", ["http://shop.example:9090/", "https://shop.example/", "http://new.example:8080/"])
def test_where_the_old_one_still_leads_there_nothing_is_said(root: Path, now: str) -> None:
    hosts = ["new.example", "shop.example"] if "new" in now else ["shop.example"]
    assert tell(root, OLD, now, hosts=hosts) == []
    assert tell(root, "", now, hosts=hosts) == []


def test_another_path_or_name_is_said(root: Path) -> None:
    moved = "http://shop.example:8080/shop/"
    assert tell(root, OLD, moved, hosts=["shop.example"]) == [f"It then answers at {moved}, and not at {OLD} any more."]
    assert tell(root, moved, OLD, hosts=["shop.example"]) == [f"It then answers at {OLD}, and not at {moved} any more."]
    named = "http://new.example:8080/"
    assert tell(root, OLD, named, hosts=["new.example"]) == [f"It then answers at {named}, and not at {OLD} any more."]
    assert tell(root, OLD, named, hosts=["new.example"], aliases=["shop.example"]) == []
    assert tell(root, OLD, named, hosts=["*.example"]) == []
