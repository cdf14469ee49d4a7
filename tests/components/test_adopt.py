"""NGINX's own side of ordered certificates: which it takes, when it is asked to load them, and which it refuses."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.components.switch_folder import QUICK, SCRIPTS

# Accepts what lies there, unless a file of the configuration, or one that it names, holds the word "bad".
NGINX = """#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" != -c ] || file=$2; shift; done
folder=${file%/nginx.conf}
if grep -rq bad "$folder" || sed -n 's/.*include *\\(.*\\);/\\1/p' "$folder"/conf.d/*.conf | xargs grep -q bad; then
    echo "nginx: [emerg] this is bad" >&2
    exit 1
fi
"""
# Stands for NGINX: it writes down that it was asked to load its files.
SERVER = 'trap "echo >> %s/reloads" HUP; echo $$ > %s/nginx.pid; while :; do command sleep 0.02; done'


@dataclass
class Edge:
    """The volumes, and the NGINX containers that have them."""

    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self, name: str = "one") -> Path:
        """Another container; its own folder, where `reloads` has a line for each time that it was asked to load."""
        own = self.folder / name
        own.mkdir()
        text = (SCRIPTS / "adopt.sh").read_text()
        text = text.replace("/tmp/", f"{own}/").replace("sleep 10", "sleep 1")
        for path, here in (("/srv/certificates", "certificates"), ("/etc/portico/live", "live")):
            text = text.replace(path, str(self.folder / here))
        env = {**os.environ, "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}"}
        words = ["sh", "-c", QUICK + text, "edge", "sh", "-c", SERVER % (own, own)]
        self.running.append(subprocess.Popen(words, env=env, text=True, stdout=subprocess.PIPE, start_new_session=True))
        until(lambda: (own / "nginx.pid").exists())
        return own

    def offer(self, site: str, name: str, text: str = "good") -> None:
        store = self.folder / "certificates" / "store" / site / name
        store.mkdir(parents=True)
        (store / "certificate.conf").write_text(text)
        link = self.folder / "certificates" / "offered" / site
        link.unlink(missing_ok=True)
        link.symlink_to(f"../store/{site}/{name}")

    def live(self, site: str) -> str:
        return os.readlink(self.folder / "certificates" / "live" / site)

    def site(self, name: str) -> None:
        """It is served, and has no certificate."""
        (self.folder / "certificates" / "live" / name).symlink_to("../none")
        file = self.folder / "live" / "conf.d" / f"{name}.conf"
        file.write_text(f"    include     {self.folder}/certificates/live/{name}/certificate.conf;\n")


def until(done: Callable[[], bool], most: float = 60.0) -> None:
    ends = time.monotonic() + most
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.02)


def count(own: Path) -> int:
    file = own / "reloads"
    return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    for name in ("bin", "live/conf.d", "certificates/store", "certificates/offered", "certificates/live"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "certificates" / "none").mkdir()
    (tmp_path / "certificates" / "none" / "certificate.conf").write_text("none")
    (tmp_path / "live" / "nginx.conf").write_text("")
    (tmp_path / "bin" / "nginx").write_text(NGINX)
    (tmp_path / "bin" / "nginx").chmod(0o755)
    made = Edge(tmp_path)
    made.site("shop")
    made.site("blog")
    yield made
    for one in made.running:
        os.killpg(one.pid, signal.SIGKILL)
        one.wait()
        assert one.stdout
        one.stdout.close()


def test_a_certificate_is_taken_and_loaded_once(edge: Edge) -> None:
    own = edge.start()
    edge.offer("shop", "1")
    until(lambda: count(own) == 1)
    assert edge.live("shop") == "../store/shop/1" and edge.live("blog") == "../none"
    time.sleep(0.8)
    assert count(own) == 1


def test_one_that_nginx_does_not_accept_never_lies_where_it_reads(edge: Edge) -> None:
    own = edge.start()
    edge.offer("shop", "1")
    until(lambda: count(own) == 1)
    edge.offer("shop", "2", "bad")
    refused = edge.folder / "certificates" / "live" / "shop.refused"
    until(refused.exists)
    assert refused.read_text() == "../store/shop/2\nnginx: [emerg] this is bad\n"
    assert edge.live("shop") == "../store/shop/1" and count(own) == 1
    # Another site's is taken anyway, and so is the next one.
    edge.offer("blog", "1")
    until(lambda: edge.live("blog") == "../store/blog/1")
    edge.offer("shop", "3")
    until(lambda: edge.live("shop") == "../store/shop/3")
    until(lambda: not refused.exists())


def test_both_of_two_load_it(edge: Edge) -> None:
    """While one takes the place of another, both answer."""
    one, other = edge.start("one"), edge.start("other")
    edge.offer("shop", "1")
    until(lambda: count(one) == 1 and count(other) == 1)


def test_nothing_is_loaded_while_the_live_files_are_bad(edge: Edge) -> None:
    own = edge.start()
    (edge.folder / "live" / "nginx.conf").write_text("bad")
    edge.offer("shop", "1")
    time.sleep(1)
    assert edge.live("shop") == "../none" and count(own) == 0


def test_a_site_that_is_not_served_is_left_alone(edge: Edge) -> None:
    own = edge.start()
    edge.offer("gone", "1")
    time.sleep(0.8)
    assert count(own) == 0 and not (edge.folder / "certificates" / "live" / "gone").exists()
