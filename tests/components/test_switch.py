"""The switch, run as its container runs it but for NGINX's processes: what is live then, and who has which name."""

import time

import pytest

from tests.components.switch_folder import status
from tests.components.switch_scene import Scene, named, sites
from tests.components.switch_scene import scene as scene
from tests.config.sample import make_site


def test_what_is_asked_for_goes_live_when_every_replica_is_well(scene: Scene) -> None:
    _, old = scene.begin(*sites())
    new = scene.make(*sites(shop="2"))
    replicas = scene.start(new)
    ran = scene.here.switch(new.tree.digest)
    assert (ran.code, ran.said) == (0, [f"the tree {new.tree.digest} is live"])
    assert ran.reported == ["@live blog", "@live shop", "@drained"]
    assert scene.here.live == scene.here.loaded == new.tree.digest
    assert scene.here.proven == {f"{one.line.split()[0]} {one.id}" for one in replicas}
    assert all(map(named, replicas)) and all(map(named, old[:2]))


def test_replicas_are_informed_who_serves_their_site(scene: Scene) -> None:
    """The others close their WebSockets: not before the switch is sure, and not where a site was refused."""
    reported = scene.here.folder / "run"
    _, old = scene.begin(*sites())
    new = scene.make(*sites(shop="2"))
    replicas = scene.start(new)
    scene.here.switch(new.tree.digest)
    now = {site: {one.id for one in replicas if one.line.startswith(site)} for site in ("shop", "blog")}
    assert {site: set((reported / f"{site}.live").read_text().split()) for site in now} == now
    assert not now["shop"] & {one.id for one in old}
    # One site is refused, the other one is gone from the settings.
    last = scene.make(*sites(shop="3")[:1])
    scene.start(last, shop=None)
    assert scene.here.switch(last.tree.digest).code == 1
    assert set((reported / "shop.live").read_text().split()) == now["shop"]
    assert (reported / "blog.live").read_text() == ""


def test_a_health_path_without_a_page_is_reported(scene: Scene) -> None:
    """404 is an answer of an application that works; whoever wrote no `health` may have meant another path."""
    _, _ = scene.begin(*sites())
    new = scene.make(*sites(shop="2"))
    scene.here.replicas = [
        scene.here.add(one.site.name, index, release=one.id, answer=status(404 if one.site.name == "shop" else 200))
        for one in new.releases
        for index in range(one.replicas)
    ]
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 0
    assert ran.reported == ["@live blog", "@live shop", f"@missing shop {new.releases[0].site.health}", "@drained"]


@pytest.mark.parametrize("answer", [None, status(500)], ids=["dead", "500"])
def test_a_refused_release_leaves_the_one_before_it(scene: Scene, answer: bytes | None) -> None:
    old, served = scene.begin()
    proven = scene.here.proven
    new = scene.make(*sites(shop="2")[:1])
    replicas = scene.start(new, shop=answer)
    for _ in range(2):  # however often
        ran = scene.here.switch(new.tree.digest)
        assert (ran.code, ran.errors) == (1, "")
        assert [line.split()[:3] for line in ran.reported if line.startswith("@refused")] == [
            ["@refused", "shop", "0"],
            ["@refused", "shop", "1"],
        ]
        assert scene.here.live == scene.here.loaded == old.tree.digest and scene.here.reloads == 0
        assert scene.here.proven == proven
        assert all(map(named, served)) and not any(map(named, replicas))


def test_of_two_sites_the_bad_one_stays_and_the_other_goes_live(scene: Scene) -> None:
    old, before = scene.begin(*sites())
    new = scene.make(*sites(shop="2", blog="2"))
    replicas = scene.start(new, shop=None)
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and [line for line in ran.reported if not line.startswith("@refused")] == [
        "@live blog",
        "@drained",
    ]
    assert scene.here.live == scene.here.loaded and scene.here.live.startswith(f"{new.tree.digest}-")
    assert scene.here.read("conf.d/shop.conf") == scene.files(old, "shop")
    assert scene.here.read("conf.d/blog.conf") == scene.files(new, "blog")
    assert scene.here.read("nginx.conf") == new.tree.files["nginx.conf"]
    assert scene.here.proven == {f"shop {one.id}" for one in before[:2]} | {f"blog {one.id}" for one in replicas[2:]}
    assert all(map(named, [*before, *replicas[2:]])) and not any(map(named, replicas[:2]))
    # Fixed, it goes live as a whole.
    third = scene.make(*sites(shop="3", blog="2"))
    scene.here.replicas = [*scene.start(third)[:2], *replicas[2:]]
    assert scene.here.switch(third.tree.digest).code == 0
    assert scene.here.live == third.tree.digest


def test_a_new_site_that_is_bad_does_not_keep_the_others_back(scene: Scene) -> None:
    _, before = scene.begin(make_site())
    new = scene.make(*sites(shop="2"))
    replicas = scene.start(new, blog=None)
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and "@live shop" in ran.reported
    assert scene.here.read("conf.d/shop.conf") == scene.files(new, "shop")
    assert scene.here.read("conf.d/blog.conf") is None
    status_file = scene.here.read("conf.d/00-status.conf")
    assert status_file and "/readyz/shop" in status_file and "/readyz/blog" not in status_file
    assert scene.here.proven == {f"shop {one.id}" for one in replicas[:2]} and before


def test_a_new_site_goes_live_beside_one_that_is_bad(scene: Scene) -> None:
    old, before = scene.begin(make_site())
    new = scene.make(*sites(shop="2"))
    replicas = scene.start(new, shop=status(500))
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and "@live blog" in ran.reported
    assert scene.here.read("conf.d/shop.conf") == scene.files(old, "shop") and all(map(named, before))
    assert scene.here.read("conf.d/blog.conf") == scene.files(new, "blog") and all(map(named, replicas[2:]))


def test_all_sites_can_be_refused(scene: Scene) -> None:
    old, _ = scene.begin(*sites())
    new = scene.make(*sites(shop="2", blog="2"))
    scene.start(new, shop=None, blog=None)
    ran = scene.here.switch(new.tree.digest)
    assert (ran.code, scene.here.live, scene.here.reloads) == (1, old.tree.digest, 0)
    assert "@live" not in " ".join(ran.reported)


def test_files_that_all_sites_share_change_though_one_site_is_refused(scene: Scene) -> None:
    old, _ = scene.begin(*sites())
    new = scene.make(*sites(shop="2"), nginx={"workers": 4})
    scene.start(new, shop=None)
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.read("nginx.conf") == new.tree.files["nginx.conf"] != old.tree.files["nginx.conf"]
    assert scene.here.read("conf.d/shop.conf") == scene.files(old, "shop")


def test_a_replaced_replica_of_the_live_release_gets_its_name_and_nginx_reloads(scene: Scene) -> None:
    """NGINX's workers have connections to the old one, which is removed next."""
    stack, before = scene.begin()
    fresh = scene.here.add(release=stack.releases[0].id)
    scene.here.replicas = [fresh, before[1]]
    ran = scene.here.switch(stack.tree.digest)
    assert (ran.code, scene.here.live, scene.here.reloads) == (0, stack.tree.digest, 1)
    assert named(fresh) and named(before[1]) and not named(before[0])
    assert scene.here.proven == {f"shop {fresh.id}", f"shop {before[1].id}"}


def test_a_replaced_replica_that_is_refused_leaves_the_name_where_it_was(scene: Scene) -> None:
    stack, before = scene.begin()
    proven = scene.here.proven
    fresh = scene.add("shop", 0, stack.releases[0].id, status(500))
    scene.here.replicas = [fresh, before[1]]
    ran = scene.here.switch(stack.tree.digest)
    assert (ran.code, scene.here.live, scene.here.reloads) == (1, stack.tree.digest, 0)
    assert all(map(named, before)) and scene.here.proven == proven
    assert scene.here.read("conf.d/shop.conf") == scene.files(stack, "shop")


def test_a_mixture_that_nginx_refuses_switches_nothing_and_claims_nothing(scene: Scene) -> None:
    old, before = scene.begin(*sites())
    proven = scene.here.proven
    new = scene.make(*sites(shop="2", blog="2"))
    replicas = scene.start(new, shop=None)
    (scene.here.folder / "refuse").touch()
    ran = scene.here.switch(new.tree.digest)
    assert (ran.code, scene.here.live, scene.here.reloads) == (1, old.tree.digest, 0)
    assert "NGINX does not accept the other sites' new files beside the live ones of shop; nothing was switched" in (
        ran.said
    )
    assert not [line for line in ran.reported if line.startswith("@live")]
    assert scene.here.proven == proven and all(map(named, before)) and not any(map(named, replicas))


def test_the_mixture_is_tried_before_it_is_live(scene: Scene) -> None:
    scene.begin(*sites())
    new = scene.make(*sites(shop="2", blog="2"))
    scene.start(new, shop=None)
    scene.here.switch(new.tree.digest)
    (tried,) = (scene.here.folder / "tried").read_text().splitlines()
    assert tried.endswith(f"/trees/{scene.here.live}/nginx.conf")


def test_a_mixture_never_takes_the_name_of_one_that_is_there(scene: Scene) -> None:
    """Its name has the time in it, and one of the same second may be live."""
    scene.begin(*sites())
    new = scene.make(*sites(shop="2", blog="2"))
    scene.start(new, shop=None)
    now = int(time.time())
    taken = [f"{new.tree.digest}-{now + seconds}" for seconds in range(6)]
    for tree in taken:
        scene.here.lay_out(tree, {"nginx.conf": "live"})
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.live.startswith(f"{new.tree.digest}-") and scene.here.live not in taken
    trees = scene.here.config / "trees"
    # Only ten trees stay.
    assert {(trees / tree / "nginx.conf").read_text() for tree in taken if (trees / tree).exists()} == {"live"}


def test_what_a_version_wrote_nothing_down_of_keeps_its_file(scene: Scene) -> None:
    old, _ = scene.begin()
    (scene.here.config / "proven").unlink()
    new = scene.make(*sites(shop="2")[:1])
    scene.start(new, shop=None)
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.live == old.tree.digest
    assert scene.here.read("conf.d/shop.conf") == scene.files(old, "shop")
