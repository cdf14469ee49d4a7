"""Which release is served, read from NGINX's own files."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.live.drift import Live
from portico.config.live.served import find_releases, tell_served
from portico.config.release.assemble import make_release
from portico.config.render.nginx import render_nginx
from tests.config.sample import make_full_site, make_site, read_settings, write_files

A, B, C = ("a" * 12, "b" * 12, "c" * 12)


def make(root: Path, *sites: dict[str, Any], **stack: Any) -> tuple[dict[str, str], Live]:
    """The releases of a stack, and what lies in the volume once they are live."""
    settings = read_settings(root, *sites, **stack)
    releases = [make_release(settings, site, root, {}) for site in settings.sites]
    tree = render_nginx(settings, releases)
    return {one.site.name: one.id for one in releases}, Live(f"trees/{tree.digest}", tree.files)


@pytest.mark.parametrize("image", ["nginx:1.26.3", "nginx:1.30.6"])
@pytest.mark.parametrize("upstream", ["socket", "container"])
@pytest.mark.parametrize(
    "site",
    [
        make_site(),
        make_site(replicas=11),
        make_site(maintenance=True),
        # Names that look like those of a replica.
        make_site(hosts=["shop-0123456789ab.example"], aliases=["shop-0123456789ab-0.example"]),
        make_site(name="shop-0123456789ab"),
        make_site(name="s"),
        make_full_site(weights=None, balance=None),
    ],
    ids=[
        "plain",
        "many replicas",
        "maintenance",
        "hosts like replicas",
        "a name like a replica",
        "short",
        "everything",
    ],
)
def test_every_tree_tells_what_it_serves(root: Path, site: dict[str, Any], upstream: str, image: str) -> None:
    site = {key: value for key, value in site.items() if value is not None}
    wanted, live = make(root, site, upstream=upstream, nginxImage=image)
    assert find_releases(live) == wanted


@pytest.mark.parametrize("upstream", ["socket", "container"])
def test_sites_whose_names_begin_alike_are_distinguished(root: Path, upstream: str) -> None:
    write_files(root / "b", {"requirements.txt": "flask\n", "web.py": "app = 1\n"})
    other = make_site(name="shop-b", source="b", hosts=["b.example"])
    wanted, live = make(root, make_site(), other, upstream=upstream)
    assert find_releases(live) == wanted and len(set(wanted.values())) == 2
    # One of them was refused: its file is gone.
    left = {path: text for path, text in live.files.items() if path != "conf.d/shop.conf"}
    assert find_releases(Live("trees/x", left)) == {"shop-b": wanted["shop-b"]}


def test_files_that_are_no_site_tell_nothing() -> None:
    text = f"server unix:/run/portico/shop/{A}-0.sock;"
    files = {"nginx.conf": text, "conf.d/00-status.conf": text, "pages/shop.conf": text, "conf.d/blog.conf": text}
    assert find_releases(Live("trees/x", files)) == {}
    assert find_releases(Live("", {})) == {}


def served(release: str, site: str = "shop") -> Live:
    return Live("trees/x", {f"conf.d/{site}.conf": f"    server unix:/run/portico/{site}/{release}-0.sock;"})


@pytest.mark.parametrize(
    ("live", "reported"),
    [
        (None, {"shop": A, "blog": B}),
        (Live("", {}), {"shop": A, "blog": B}),
        (served(A), {"shop": A, "blog": B}),
        (served(C), {"shop": C, "blog": B}),
        (served(C, "docs"), {"shop": A, "blog": B, "docs": C}),
    ],
    ids=["nobody knows", "nothing there", "the same", "another went live", "a new site went live"],
)
def test_what_went_live_since_the_last_good_update_is_reported(live: Live | None, reported: dict[str, str]) -> None:
    previous = {"releases": {"shop": A, "blog": B}, "tree": "x"}
    assert tell_served(previous, live) == {"releases": reported, "tree": "x"}
    assert previous["releases"] == {"shop": A, "blog": B}


def test_before_the_first_good_update_nothing_is_made_up() -> None:
    assert tell_served({}, served(A)) == {"served": {"shop": A}}
    assert tell_served({}, None) == {}
