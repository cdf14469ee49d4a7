"""The switch turned back: to the tree and the names before it, when a replica or NGINX fails just after it."""

import shutil

from tests.components.switch_folder import status
from tests.components.switch_scene import Scene, named, sites
from tests.components.switch_scene import scene as scene
from tests.config.sample import make_site


def test_a_replica_that_ends_just_after_the_switch_turns_it_back(scene: Scene) -> None:
    old, before = scene.begin(*sites())
    proven = scene.here.proven
    new = scene.make(*sites(shop="2", blog="2"))
    replicas = scene.start(new)
    server = replicas[1].server
    assert server
    server.before = lambda times: setattr(server, "answer", status(200 if times < 4 else 502))
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and scene.here.reloads == 2
    assert scene.here.live == scene.here.loaded == old.tree.digest
    assert [line.split()[1:3] for line in ran.reported if line.startswith("@refused")] == [["shop", "1"]]
    assert not [line for line in ran.reported if line.startswith("@live")] and ran.reported[-1] == "@drained"
    assert scene.here.proven == proven and all(map(named, before))


def test_a_replaced_replica_that_ends_just_after_the_switch_gives_the_name_back(scene: Scene) -> None:
    stack, before = scene.begin()
    fresh = scene.here.add(release=stack.releases[0].id)
    scene.here.replicas = [fresh, before[1]]
    server = fresh.server
    assert server
    server.before = lambda times: setattr(server, "answer", status(200 if times < 5 else 502))
    assert scene.here.switch(stack.tree.digest).code == 1
    assert all(map(named, before)) and not named(fresh)


def test_a_tree_that_nginx_does_not_take_is_turned_back(scene: Scene) -> None:
    old, before = scene.begin()
    new = scene.make(*sites(shop="2")[:1])
    scene.start(new)
    (scene.here.folder / "stuck").touch()
    ran = scene.here.switch(new.tree.digest)
    assert ran.code == 1 and scene.here.live == old.tree.digest
    assert ran.said == [f"NGINX did not take the tree {new.tree.digest} within 20 s; the tree before it stays live"]
    # It may take it a moment later: it is asked to read its files again.
    assert scene.here.reloads == 2 and all(map(named, before))


def test_no_name_that_cannot_be_given_back_keeps_the_tree_from_being_turned_back(scene: Scene) -> None:
    old, _ = scene.begin()
    new = scene.make(*sites(shop="2")[:1])
    replicas = scene.start(new)
    for one in replicas:
        one.known.symlink_to(f"{one.known.name}.before")
    lock = scene.here.folder / "bin" / "flock"
    # The second time that a name is given, nobody can.
    lock.write_text(f'#!/bin/sh\n[ ! -e "$HERE/reloads" ] || exit 1\nexec {shutil.which("flock")} "$@"\n')
    lock.chmod(0o755)
    server = replicas[1].server
    assert server
    server.before = lambda times: setattr(server, "answer", status(200 if times < 4 else 502))
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.live == scene.here.loaded == old.tree.digest


def test_a_tree_that_is_gone_switches_nothing(scene: Scene) -> None:
    old, _ = scene.begin()
    ran = scene.here.switch("0123456789ab")
    assert (ran.code, ran.said) == (1, ["the tree 0123456789ab is not there any more"])
    assert scene.here.live == old.tree.digest


def test_files_that_were_restored_are_loaded_again(scene: Scene) -> None:
    stack, _ = scene.begin()
    assert scene.here.switch(stack.tree.digest).code == 0 and scene.here.reloads == 0
    assert scene.here.switch(stack.tree.digest, REPAIRS="1").code == 0 and scene.here.reloads == 1


def test_a_link_that_was_turned_by_hand_is_turned_back(scene: Scene) -> None:
    first, _ = scene.begin()
    second = scene.make(make_site(), nginx={"workers": 4})
    (scene.here.config / "live").unlink()
    scene.here.serve(second.tree.digest)
    assert scene.here.switch(first.tree.digest).code == 0
    assert scene.here.live == scene.here.loaded == first.tree.digest
