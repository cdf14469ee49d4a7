"""The switch of a site in maintenance: nobody asks its replicas then."""

from tests.components.switch_scene import OTHER, Scene, sites
from tests.components.switch_scene import scene as scene
from tests.config.sample import make_site


def test_a_site_in_maintenance_is_written_down_as_one_that_nobody_asked(scene: Scene) -> None:
    _, before = scene.begin(*sites())
    shop = {f"shop {one.id}" for one in before[:2]}
    resting = scene.make(make_site(maintenance=True), OTHER)
    scene.here.replicas = before[2:]
    for _ in range(2):
        assert scene.here.switch(resting.tree.digest).code == 0
        assert scene.here.proven == {"shop -", *shop, *(f"blog {one.id}" for one in before[2:])}
    # Asked again, it is as before.
    first = scene.make(*sites())
    scene.here.replicas = before
    assert scene.here.switch(first.tree.digest).code == 0
    assert scene.here.proven == {*shop, *(f"blog {one.id}" for one in before[2:])}


def test_a_release_that_ends_a_maintenance_and_is_refused_leaves_the_page(scene: Scene) -> None:
    resting, _ = scene.begin(make_site(maintenance=True))
    assert scene.here.proven == {"shop -"}
    new = scene.make()
    scene.start(new, shop=None)
    for _ in range(2):
        assert scene.here.switch(new.tree.digest).code == 1
        assert scene.here.read("conf.d/shop.conf") == scene.files(resting, "shop")
