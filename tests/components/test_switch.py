"""The switch, run as its container runs it but for NGINX's processes: what is live then, and who has which name."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from portico.config.load import Stack
from tests.components.sample import BLOG, make_stack
from tests.components.switch_folder import Ran, Replica, SwitchFolder, status
from tests.config.sample import make_site

OTHER = BLOG | {"replicas": 2}


@dataclass
class Scene:
    """A stack's folders, and what lies there of each of its states."""

    here: SwitchFolder
    root: Path

    def make(self, *sites: dict[str, Any], **stack: Any) -> Stack:
        """A state of the stack, whose tree is laid out as check.sh does."""
        made = make_stack(self.root, *sites, **stack)
        self.here.lay_out(made.tree.digest, dict(made.tree.files))
        return made

    def start(self, stack: Stack, **answers: Any) -> list[Replica]:
        """Replicas of a stack, which the next switch asks; `answers` are bytes by site, None for the dead."""
        made = []
        for release in stack.releases:
            if release.site.maintenance:
                continue
            answer = answers.get(release.site.name, status(200))
            for index in range(release.replicas):
                made.append(self.add(release.site.name, index, release.id, answer))
        self.here.replicas = made
        return made

    def add(self, site: str, index: int, release: str, answer: bytes | None) -> Replica:
        """A replica; one that answers badly has started so often that it is given up at once."""
        boots = None if answer == status(200) else [f"start {int(time.time())}"] * 4
        return self.here.add(site, index, release=release, answer=answer, boots=boots)

    def begin(self, *sites: dict[str, Any], **stack: Any) -> tuple[Stack, list[Replica]]:
        """A stack that is live: its first switch went well."""
        first = self.make(*sites, **stack)
        self.here.serve(first.tree.digest)
        replicas = self.start(first)
        ran = self.here.switch(first.tree.digest)
        assert ran.code == 0, ran
        (self.here.folder / "reloads").unlink(missing_ok=True)
        return first, replicas

    def files(self, stack: Stack, site: str) -> str:
        return stack.tree.files[f"conf.d/{site}.conf"]


@pytest.fixture
def scene(here: SwitchFolder, root: Path) -> Scene:
    return Scene(here, root)


def sites(**environment: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two sites, whose releases differ by their environment."""
    return tuple(  # type: ignore[return-value]
        one | {"environment": {"V": environment[str(one["name"])]}} if one["name"] in environment else one
        for one in (make_site(), OTHER)
    )


def named(replica: Replica) -> bool:
    return replica.known.is_symlink() and os.readlink(replica.known) == replica.own.name


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


def test_what_a_version_wrote_nothing_down_of_keeps_its_file(scene: Scene) -> None:
    old, _ = scene.begin()
    (scene.here.config / "proven").unlink()
    new = scene.make(*sites(shop="2")[:1])
    scene.start(new, shop=None)
    assert scene.here.switch(new.tree.digest).code == 1
    assert scene.here.live == old.tree.digest
    assert scene.here.read("conf.d/shop.conf") == scene.files(old, "shop")


# --- maintenance: nobody asks the replicas then


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


# --- what is left behind


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
