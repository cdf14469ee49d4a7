"""What a switch leaves behind: old workers, notes of containers, trees and keys."""

import os
import subprocess
import time
from collections.abc import Iterator
from threading import Thread

import pytest

from tests.components.switch_folder import Ran
from tests.components.switch_scene import OTHER, Scene, sites
from tests.components.switch_scene import scene as scene
from tests.config.sample import make_site


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does not end by itself."""
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def change(scene: Scene, worker: subprocess.Popen[bytes], longest: str) -> Ran:
    scene.begin()
    (scene.here.folder / "workers").write_text(str(worker.pid))
    new = scene.make(*sites(shop="2")[:1])
    scene.start(new)
    return scene.here.switch(new.tree.digest, LONGEST=longest)


def test_an_old_worker_that_does_not_end_is_said_and_nothing_may_go(
    scene: Scene, worker: subprocess.Popen[bytes]
) -> None:
    ran = change(scene, worker, "1")
    assert ran.code == 1 and ran.reported == ["@live shop"]
    assert ran.said[-1] == "an old worker of NGINX did not end within 1 s"


def test_an_old_worker_is_waited_for(scene: Scene, worker: subprocess.Popen[bytes]) -> None:
    # A process whose parent waits for it: /proc/PID is gone with its end.
    ended = f"[ ! -s {scene.here.folder}/workers ] || (command sleep 0.3; kill {worker.pid}) >/dev/null 2>&1 &\n"
    (scene.here.folder / "on-reload").write_text(ended)
    Thread(target=worker.wait, daemon=True).start()
    ran = change(scene, worker, "20")
    assert ran.code == 0 and ran.reported == ["@live shop", "@drained"]


def test_notes_of_containers_that_are_gone_are_removed_after_a_day(scene: Scene) -> None:
    _, before = scene.begin(*sites())
    folder = before[0].boots.parent
    old, young = folder / "x-0.boots.ffffffffffff", folder / "x-0.boots.eeeeeeeeeeee"
    old.touch()
    young.touch()
    for path in (old, *(one.boots for one in before)):
        os.utime(path, (time.time() - 90_000,) * 2)
    # Of a site in maintenance nobody asks the replicas, and they are needed after it.
    resting = scene.make(make_site(maintenance=True), OTHER)
    scene.here.replicas = before[2:]
    assert scene.here.switch(resting.tree.digest).code == 0
    assert not old.exists() and young.exists() and all(one.boots.exists() for one in before)


def test_ten_trees_stay_and_the_live_one_is_among_them(scene: Scene) -> None:
    stack, _ = scene.begin()
    for number in range(15):
        scene.here.lay_out(f"{number:012x}", {"nginx.conf": ""})
        os.utime(scene.here.config / "trees" / f"{number:012x}", (number, number))
    assert scene.here.switch(stack.tree.digest).code == 0
    left = {path.name for path in (scene.here.config / "trees").iterdir()}
    assert len(left) == 10 and stack.tree.digest in left and f"{14:012x}" in left and f"{0:012x}" not in left


def test_the_live_tree_stays_however_old_it_is(scene: Scene) -> None:
    """What is refused again and again leaves trees that are younger."""
    old, _ = scene.begin()
    for number in range(15):
        scene.here.lay_out(f"{number:012x}", {"nginx.conf": ""})
    os.utime(scene.here.config / "trees" / old.tree.digest, (1, 1))
    new = scene.make(*sites(shop="2")[:1])
    scene.start(new, shop=None)
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.live == old.tree.digest and scene.here.read("nginx.conf")
    assert len(list((scene.here.config / "trees").iterdir())) == 11


def test_keys_that_no_tree_names_are_removed(scene: Scene) -> None:
    stack, _ = scene.begin()
    for name in ("named", "foreign"):
        (scene.here.config / "private" / name).mkdir(parents=True)
    live = scene.here.config / "trees" / stack.tree.digest / "conf.d" / "shop.conf"
    live.write_text(f"{live.read_text()}# {scene.here.config}/private/named/shop.key\n")
    assert scene.here.switch(stack.tree.digest).code == 0
    assert [path.name for path in (scene.here.config / "private").iterdir()] == ["named"]
