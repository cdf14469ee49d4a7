"""The switch of sites that share a host: each goes live, stays or is left out by itself, as any other site."""

from typing import Any

import pytest

from portico.config.load import Stack
from tests.components.sample import BLOG
from tests.components.switch_scene import Scene
from tests.components.switch_scene import scene as scene
from tests.config.sample import make_site

HOST = "hosts/shop.example"


def sites(**environment: str) -> tuple[dict[str, Any], ...]:
    """Two sites of one host, whose releases differ by their environment."""
    given = {name: {"environment": {"V": text}} for name, text in environment.items()}
    shop, blog = make_site(path="/shop"), BLOG | {"hosts": ["shop.example"], "path": "/blog", "replicas": 2}
    return shop | given.get("shop", {}), blog | given.get("blog", {})


def list_live(scene: Scene, stack: Stack) -> set[str]:
    """The files of the shared host that are live, of those that a stack has."""
    return {path for path in stack.tree.files if path.startswith("hosts/") and scene.here.read(path) is not None}


def test_a_release_of_one_site_is_none_of_the_other(scene: Scene) -> None:
    old, new = scene.make(*sites()), scene.make(*sites(shop="2"))
    ids = [{release.site.name: release.id for release in stack.releases} for stack in (old, new)]
    assert ids[0]["blog"] == ids[1]["blog"] and ids[0]["shop"] != ids[1]["shop"]
    changed = {path for path, text in new.tree.files.items() if text != old.tree.files[path]}
    assert changed == {"conf.d/00-status.conf", "conf.d/shop.conf", f"{HOST}/paths/shop.conf"}


@pytest.mark.parametrize("upstream", ["socket", "container"])
def test_of_two_sites_of_a_host_the_bad_one_stays_and_the_other_goes_live(scene: Scene, upstream: str) -> None:
    old, _ = scene.begin(*sites(), upstream=upstream)
    new = scene.make(*sites(shop="2", blog="2"), upstream=upstream)
    scene.start(new, shop=None)
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and "@live blog" in ran.reported and "@live shop" not in ran.reported
    for path, stack in ((f"{HOST}/paths/shop.conf", old), (f"{HOST}/paths/blog.conf", new)):
        assert scene.here.read(path) == stack.tree.files[path]
        name = path.rpartition("/")[2]
        assert scene.here.read(f"conf.d/{name}") == stack.tree.files[f"conf.d/{name}"]


def test_a_new_site_that_is_bad_is_left_out_of_the_host(scene: Scene) -> None:
    _, _ = scene.begin(sites()[0])
    new = scene.make(*sites(shop="2"))
    scene.start(new, blog=None)
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and "@live shop" in ran.reported
    assert list_live(scene, new) == {f"{HOST}/server.conf", f"{HOST}/paths/shop.conf"}
    assert scene.here.read("conf.d/blog.conf") is None


def test_a_host_without_a_good_site_is_left_out(scene: Scene) -> None:
    first = scene.make(*sites(), make_site(name="other", hosts=["other.example"]))
    scene.here.serve(first.tree.digest)
    scene.start(first, shop=None, blog=None)
    ran = scene.here.switch(first.tree.digest)
    assert ran.code == 1 and "@live other" in ran.reported
    assert list_live(scene, first) == set()


def test_what_was_of_a_site_that_is_left_out_is_nobodys(scene: Scene) -> None:
    """Without a location for it, NGINX would answer with its own page of welcome."""
    shop, blog = make_site(), sites()[1]
    first = scene.make(shop, blog)
    scene.here.serve(first.tree.digest)
    scene.start(first, shop=None)
    assert "@live blog" in scene.here.switch(first.tree.digest).reported
    text = scene.here.read(f"{HOST}/server.conf")
    assert text and text.endswith("\n    location / { return 404; }\n}\n") and text.count("{") == text.count("}")
    assert list_live(scene, first) == {f"{HOST}/server.conf", f"{HOST}/paths/blog.conf"}
    # Once it is well, it is there.
    scene.start(first)
    assert scene.here.switch(first.tree.digest).code == 0
    assert scene.here.read(f"{HOST}/server.conf") == first.tree.files[f"{HOST}/server.conf"]


@pytest.mark.parametrize("began", ["alone", "together"])
def test_where_a_bad_site_gets_or_loses_company_nothing_is_switched(scene: Scene, began: str) -> None:
    """Its live files say where the whole host is, or lack that: they do not fit into the other tree."""
    shop, blog = make_site(), sites()[1]
    alone, together = (shop,), (shop, blog)
    before, after = (alone, together) if began == "alone" else (together, alone)
    old, _ = scene.begin(*before)
    proven = scene.here.proven
    new = scene.make(*(one | {"environment": {"V": "2"}} for one in after))
    scene.start(new, shop=None)
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and not [line for line in ran.reported if line.startswith("@live")]
    said = "a host gets or loses other sites, and the live files of shop only serve it as it was; nothing was switched"
    assert said in ran.said
    assert (scene.here.live, scene.here.reloads) == (old.tree.digest, 0) and proven <= scene.here.proven


def test_a_good_site_gets_and_loses_company(scene: Scene) -> None:
    shop, blog = make_site(), sites()[1]
    _, replicas = scene.begin(shop)
    for stack in (scene.make(shop, blog), scene.make(shop)):
        others = [one for one in scene.start(stack) if one.line.startswith("blog ")]
        scene.here.replicas = [*replicas, *others]
        ran = scene.here.switch(stack.tree.digest)
        # The site at / is the same release, whoever is beside it.
        assert (ran.code, scene.here.live) == (0, stack.tree.digest), ran
