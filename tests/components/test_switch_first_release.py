"""The switch to the first release of a site: refused, it is left out until it is fixed."""

from tests.components.switch_folder import status
from tests.components.switch_scene import Scene, named, sites
from tests.components.switch_scene import scene as scene


def test_a_first_release_that_is_refused_is_left_out(scene: Scene) -> None:
    """check.sh has made its tree live already: NGINX has to start with one."""
    first = scene.make()
    scene.here.serve(first.tree.digest)
    replicas = scene.start(first, shop=None)
    ran = scene.here.switch(first.tree.digest)
    assert ran.code == 1 and "shop-gunicorn-0: Gunicorn ended 3 times while it started" in ran.said
    assert scene.here.read("conf.d/shop.conf") is None
    text = scene.here.read("conf.d/00-status.conf")
    assert text and "/readyz/shop" not in text and "location = /healthz" in text and text.count("{") == text.count("}")
    assert scene.here.live == scene.here.loaded == text.split('return 200 "')[2].split("\\n")[0]
    assert scene.here.live.startswith(f"{first.tree.digest}-")
    assert scene.here.proven == set() and not any(map(named, replicas))
    assert not [line for line in ran.reported if line.startswith("@live")] and ran.reported[-1] == "@drained"
    # The same again, unchanged: nothing is switched, and nothing goes live.
    before, reloads = scene.here.live, scene.here.reloads
    ran = scene.here.switch(first.tree.digest)
    assert (ran.code, scene.here.live, scene.here.reloads) == (1, before, reloads)


def test_a_first_release_that_was_turned_back_is_not_worth_keeping(scene: Scene) -> None:
    """It was never proven, and its tree is live anyway: there was none to turn back to."""
    first = scene.make()
    scene.here.serve(first.tree.digest)
    replicas = scene.start(first)
    server = replicas[1].server
    assert server
    server.before = lambda times: setattr(server, "answer", status(200 if times < 4 else 502))
    assert scene.here.switch(first.tree.digest).code == 1
    second = scene.make(*sites(shop="2")[:1])
    scene.start(second, shop=None)
    assert scene.here.switch(second.tree.digest).code == 1
    assert scene.here.read("conf.d/shop.conf") is None


def test_a_first_release_goes_live_once_it_is_fixed(scene: Scene) -> None:
    first = scene.make()
    scene.here.serve(first.tree.digest)
    scene.start(first, shop=None)
    assert scene.here.switch(first.tree.digest).code == 1
    replicas = scene.start(first)
    ran = scene.here.switch(first.tree.digest)
    assert (ran.code, scene.here.live) == (0, first.tree.digest) and all(map(named, replicas))
