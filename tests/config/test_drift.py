"""What was changed by hand, in plain words."""

from dataclasses import replace

import pytest

from portico.config.live.drift import Container, Live, compare_containers, compare_files, compare_releases

FILES = {"nginx.conf": "events {}", "conf.d/shop.conf": "server {}"}


@pytest.mark.parametrize(
    ("live", "said"),
    [
        (Live("trees/abc", FILES), []),
        (Live("trees/abc", {**FILES, "nginx.conf": "events {} "}), ["NGINX's file nginx.conf is changed"]),
        (Live("trees/abc", {"nginx.conf": "events {}"}), ["NGINX's file conf.d/shop.conf is gone"]),
        (Live("trees/abc", {**FILES, "conf.d/x.conf": ""}), ["NGINX's file conf.d/x.conf is foreign"]),
        (Live("trees/old", FILES), ["NGINX's link `live` leads to trees/old, not to trees/abc"]),
        (Live("", {}), ["NGINX's link `live` leads to nothing, not to trees/abc"]),
    ],
    ids=str,
)
def test_files_are_compared(live: Live, said: list[str]) -> None:
    assert compare_files("abc", FILES, live) == said


ONE = Container(id="1", name="shop-0")


@pytest.mark.parametrize(
    ("observed", "said"),
    [
        ([ONE, Container(id="2", name="foreign", status="exited")], []),
        ([], ["container shop-0 is gone"]),
        ([Container(id="2", name="shop-0")], ["container shop-0 was replaced by hand"]),
        ([Container(id="1", name="shop-0", status="exited")], ["container shop-0 is stopped (exited)"]),
        ([Container(id="1", name="shop-0", health="unhealthy")], ["container shop-0 does not pass its health check"]),
        (
            [Container(id="1", name="shop-0", health="healthy", restarts=3, up=12.4)],
            ["container shop-0 has restarted 3 times, 12 s ago the last time"],
        ),
        # It restarted once and stays since, or the engine itself was started a moment ago.
        ([Container(id="1", name="shop-0", restarts=3, up=3600)], []),
        ([Container(id="1", name="shop-0", restarts=0, up=1)], []),
    ],
    ids=str,
)
def test_containers_are_compared(observed: list[Container], said: list[str]) -> None:
    assert compare_containers([ONE], observed) == said


@pytest.mark.parametrize(
    ("served", "said"),
    [
        ({"shop": "a", "blog": "b"}, []),
        ({"shop": "a", "blog": "b", "gone": "c"}, []),
        (
            {"shop": "old", "blog": "b"},
            ["shop: release a is not live; release old serves"],
        ),
        (
            {"shop": "old"},
            [
                "shop: release a is not live; release old serves",
                "blog: release b is not live; nothing serves this site",
            ],
        ),
    ],
    ids=["all", "more", "an older one", "none"],
)
def test_releases_are_compared(served: dict[str, str], said: list[str]) -> None:
    assert compare_releases({"shop": "a", "blog": "b"}, served) == said


def test_one_that_was_cut_off_from_its_network_is_said() -> None:
    one = replace(ONE, networks=frozenset({"bridge"}))
    seen = Container(id="1", name="shop-0")
    assert compare_containers([one], [seen]) == ["container shop-0 is disconnected from its network bridge"]
    assert compare_containers([one], [replace(seen, networks=frozenset({"bridge", "more"}))]) == []
