"""The check of a tree, run as its container runs it but for NGINX itself: what is live afterwards."""

import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from portico.config.load import Stack
from tests.components.sample import BLOG, make_stack
from tests.components.switch_folder import SwitchFolder, read
from tests.config.sample import make_site

# Stands for an older NGINX, which knows no `keepalive_min_timeout`; the last word is the file.
OLDER = '#!/bin/sh\nfor file; do :; done\n[ -f "$file" ] && ! grep -q keepalive_min_timeout "$file"\n'

# One that starts with new files alone.
NEITHER = "#!/bin/sh\nfor file; do :; done\ncase $file in */trees/.*-* | */live/*) exit 1 ;; esac\n"


def check(here: SwitchFolder, stack: Stack, **environment: str) -> subprocess.CompletedProcess[str]:
    incoming = here.folder / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    for path, text in stack.tree.files.items():
        file = incoming / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    text = (read("tree.sh", here.folder) + read("check.sh", here.folder)).replace("/incoming", str(incoming))
    return subprocess.run(
        ["sh", "-c", text],
        env={
            "PATH": f"{here.folder}/bin:/usr/bin:/bin",
            "TREE": stack.tree.digest,
            "PRIVATE": "",
            "HANDOVER": "",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


def read_live(here: SwitchFolder) -> dict[str, str]:
    live = here.config / "live"
    return {str(file.relative_to(live)): file.read_text() for file in sorted(live.rglob("*")) if file.is_file()}


def replace_nginx(here: SwitchFolder, text: str) -> None:
    (here.folder / "bin" / "nginx").write_text(text)


def make(root: Path, *sites: Mapping[str, Any], image: str = "nginx:1.30.6") -> Stack:
    return make_stack(root, *(dict(site) for site in sites), nginxImage=image)


def test_the_first_tree_is_live_before_anybody_was_asked(here: SwitchFolder, root: Path) -> None:
    stack = make(root, make_site())
    assert check(here, stack).returncode == 0
    assert here.live == stack.tree.digest


def test_the_first_tree_is_worth_nothing_until_a_switch_has_proven_it(here: SwitchFolder, root: Path) -> None:
    """Its update may have failed before that, such as by its release command; the next one may be as bad."""
    first, next_ = make(root, make_site()), make(root, make_site(environment={"V": "2"}))
    check(here, first)
    check(here, next_)
    (here.folder / "loaded").write_text(f"{first.tree.digest}\n")
    here.add(release=next_.releases[0].id, answer=None, boots=[f"start {int(time.time())}"] * 4)
    assert here.switch(next_.tree.digest).code == 1
    assert here.live.startswith(f"{next_.tree.digest}-") and here.read("conf.d/shop.conf") is None


def test_what_was_proven_before_is_not_forgotten(here: SwitchFolder, root: Path) -> None:
    (here.config / "proven").write_text("shop 1\n")
    check(here, make(root, make_site()))
    assert here.proven == {"shop 1"}


def test_another_tree_is_laid_beside_the_live_one(here: SwitchFolder, root: Path) -> None:
    first, next_ = make(root, make_site()), make(root, make_site(environment={"V": "2"}))
    check(here, first)
    assert check(here, next_).returncode == 0
    assert here.live == first.tree.digest
    assert (here.config / "trees" / next_.tree.digest / "nginx.conf").is_file()


def test_an_older_nginx_starts_with_its_own_files_and_the_live_replicas(here: SwitchFolder, root: Path) -> None:
    """The new replicas were asked by nobody yet: with another image a bad release would be live at once."""
    check(here, first := make(root, make_site(), BLOG))
    replace_nginx(here, OLDER)
    blog = BLOG | {"replicas": 3}
    next_ = make(
        root,
        make_site(environment={"V": "2"}),
        blog,
        make_site(name="guest", hosts=["guest.example"]),
        image="nginx:1.26.3",
    )
    ran = check(here, next_)
    assert ran.returncode == 0, ran
    assert here.live.startswith(f"{next_.tree.digest}-")
    files = read_live(here)
    assert files["nginx.conf"] == next_.tree.files["nginx.conf"] != first.tree.files["nginx.conf"]
    before, after = ({release.site.name: release for release in stack.releases} for stack in (first, next_))
    assert before["shop"].id != after["shop"].id
    for site in ("shop", "blog"):
        text = files[f"conf.d/{site}.conf"]
        assert [line for line in text.splitlines() if " max_fails=0" in line and "server " in line] == [
            line
            for line in first.tree.files[f"conf.d/{site}.conf"].splitlines()
            if " max_fails=0" in line and "server " in line
        ]
    assert after["shop"].id not in "".join(files.values())
    # Nobody has proven a new site: it is in no file.
    assert not [path for path, text in files.items() if "guest" in path or "/readyz/guest" in text]
    assert here.live in files["conf.d/00-status.conf"]
    assert (here.config / "trees" / next_.tree.digest / "conf.d" / "guest.conf").is_file()


@pytest.mark.parametrize("upstream", ["socket", "container"])
def test_an_older_nginx_starts_with_the_live_replicas_of_a_shared_host(
    here: SwitchFolder, root: Path, upstream: str
) -> None:
    def stack(image: str, *more: Mapping[str, Any], **shop: Any) -> Stack:
        sites = (make_site(path="/shop", **shop), BLOG | {"hosts": ["shop.example"]}, *more)
        return make_stack(root, *sites, nginxImage=image, upstream=upstream)

    check(here, first := stack("nginx:1.30.6"))
    replace_nginx(here, OLDER)
    guest = make_site(name="guest", hosts=["shop.example"], path="/guest")
    next_ = stack("nginx:1.26.3", guest, environment={"V": "2"})
    assert check(here, next_).returncode == 0
    files, (before, after) = read_live(here), (one.releases[0].id for one in (first, next_))
    assert before != after not in "".join(files.values())
    assert (f"/{before}" in files["hosts/shop.example/paths/shop.conf"]) and before in files["conf.d/shop.conf"]
    assert "hosts/shop.example/server.conf" in files and not [path for path in files if "guest" in path]


def test_where_even_that_does_not_start_nothing_is_live_that_was_not(here: SwitchFolder, root: Path) -> None:
    check(here, first := make(root, make_site()))
    replace_nginx(here, NEITHER)
    ran = check(here, make(root, make_site(environment={"V": "2"}), image="nginx:1.26.3"))
    assert ran.returncode == 1
    assert ran.stdout == "This NGINX starts neither with the live files nor with the new ones for the live replicas.\n"
    assert here.live == first.tree.digest
    assert not list((here.config / "trees").glob(".*"))
