"""Where components/in_container/prove.sh and switch.sh run without Docker: folders of a test, and replicas that answer.

Only NGINX's own processes are stand-ins: what it was asked to load is written to a file.
"""

import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

SCRIPTS = Path(__file__).parents[2] / "components" / "in_container"
RELEASE = "a" * 12
# A second of the scripts is shorter here; not where a test measures one.
QUICK = 'sleep() { command sleep "0.0${1%%.*}5"; }\n'
NGINX = r"""
list() { [ "$1" = master ] || cat "$HERE/workers" 2>/dev/null || true; }
served() { cat "$HERE/loaded" 2>/dev/null || true; }
reload() {
    old="$old $(list workers)"
    echo reload >> "$HERE/reloads"
    [ ! -e "$HERE/stuck" ] || return 0
    sed -n 's/.*location = \/tree .*return 200 "\([^\\]*\).*/\1/p' live/conf.d/00-status.conf > "$HERE/loaded"
    [ ! -e "$HERE/on-reload" ] || sh "$HERE/on-reload"
}
"""


def status(code: int) -> bytes:
    """An answer with that status."""
    return f"HTTP/1.1 {code} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


class Server:
    """A socket that gives every client the same answer; b"" is none. `asked` has the requests, `before` is called."""

    def __init__(self, listener: socket.socket, answer: bytes) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.before: Callable[[int], object] = lambda times: None
        self.peers: list[socket.socket] = []
        self.listener = listener
        listener.listen()
        Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            self.peers.append(peer)
            with suppress(OSError):
                if text := peer.recv(4096).decode():
                    self.asked.append(text)
                    self.before(len(self.asked))
                if self.answer:
                    peer.sendall(self.answer)
                    peer.close()

    def stop(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # or the thread that waits in accept would keep it open
        self.listener.close()
        for peer in self.peers:
            peer.close()


@dataclass
class Replica:
    """One line of REPLICAS, and what answers there; `server` is None for one that does not."""

    line: str
    own: Path
    known: Path
    boots: Path
    id: str
    server: Server | None

    def note(self, *lines: str) -> None:
        """What its gunicorn.conf.py writes."""
        with self.boots.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    @property
    def asked(self) -> list[str]:
        assert self.server
        return self.server.asked


@dataclass
class Ran:
    """How a script ended: `said` for people, `reported` (behind an @) for Portico's program, and how long it took."""

    code: int
    said: list[str]
    reported: list[str]
    errors: str
    seconds: float


@dataclass
class SwitchFolder:
    """`replicas` are asked, `made` are all of them. `folder` must be short: a socket's path has at most 107 bytes."""

    folder: Path
    replicas: list[Replica] = field(default_factory=list)
    made: list[Replica] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("run", "etc/trees", "tmp", "bin"):
            (self.folder / name).mkdir(parents=True)
        nginx = self.folder / "bin" / "nginx"
        nginx.write_text(f'#!/bin/sh\necho "$@" >> {self.folder}/tried\n[ ! -e {self.folder}/refuse ]\n')
        nginx.chmod(0o755)

    @property
    def config(self) -> Path:
        """What is /etc/portico elsewhere."""
        return self.folder / "etc"

    def add(
        self,
        site: str = "shop",
        index: int = 0,
        *,
        release: str = RELEASE,
        answer: bytes | None = status(200),
        boots: Sequence[str] | None = None,
        workers: int = 2,
        host: str = "shop.example",
        path: str = "/",
        proven: bool = False,
    ) -> Replica:
        """A replica that answers, by default with all its workers up; with None as answer nobody listens."""
        id = f"{len(self.made) + 1:012x}"
        folder = self.folder / "run" / site
        folder.mkdir(exist_ok=True)
        known = folder / f"{release}-{index}.sock"
        own = Path(f"{known}.{id}")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(own))
        server = None
        if answer is None:
            listener.close()
        else:
            server = Server(listener, answer)
        line = f"{site} {release} {index} {id} {workers} unix:{own} unix:{known} {host} {path}"
        found = Replica(line, own, known, folder / f"{release}-{index}.boots.{id}", id, server)
        if boots is None:
            boots = [f"start {int(time.time()) - 500}", *(f"worker {7 + number}" for number in range(workers))]
        if boots:
            found.note(*boots)
        if proven:
            with (self.config / "proven").open("a") as file:
                file.write(f"{site} {id}\n")
        self.made.append(found)
        self.replicas = [*self.replicas, found]
        return found

    def prove(self, code: str, *, wait: int = 30, quick: bool = True, **environment: str) -> Ran:
        """Run a few lines behind prove.sh."""
        return self._run(read("prove.sh", self.folder), code, wait, quick, environment)

    def switch(self, tree: str, *, wait: int = 30, quick: bool = True, **environment: str) -> Ran:
        """Run the switch to `tree`, as the container does, with NGINX's processes replaced."""
        functions, begin, main = read("switch.sh", self.folder).partition('[ -d "trees/$TREE" ]')
        assert begin
        text = read("tree.sh", self.folder) + read("prove.sh", self.folder) + functions + NGINX
        reported = {"TREE": tree, "PORT": "8081", "LONGEST": "3", "REPAIRS": "0", **environment}
        return self._run(text, begin + main, wait, quick, reported)

    def _run(self, text: str, code: str, wait: int, quick: bool, environment: dict[str, str]) -> Ran:
        replicas = "\n".join(one.line for one in self.replicas)
        shutil.rmtree(self.folder / "tmp")  # each container has its own
        (self.folder / "tmp").mkdir()
        began = time.monotonic()
        ended = subprocess.run(
            ["sh", "-c", "set -eu\n" + text + (QUICK if quick else "") + code],
            cwd=self.config,
            env={
                "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
                "HERE": str(self.folder),
                "WAIT": str(wait),
                "REPLICAS": replicas,
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        seconds = time.monotonic() - began
        lines = ended.stdout.splitlines()
        said, reported = ([line for line in lines if line.startswith("@") == at] for at in (False, True))
        return Ran(ended.returncode, said, reported, ended.stderr, seconds)

    def stop(self) -> None:
        """End all replicas."""
        for one in self.made:
            if one.server:
                one.server.stop()

    # --- what NGINX has

    def lay_out(self, tree: str, files: dict[str, str]) -> None:
        """Put a tree beside the live one, as check.sh does."""
        for path, text in files.items():
            file = self.config / "trees" / tree / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def serve(self, tree: str) -> None:
        """Let a tree be live, and loaded."""
        (self.config / "live").symlink_to(f"trees/{tree}")
        (self.folder / "loaded").write_text(f"{tree}\n")

    @property
    def live(self) -> str:
        """The name of the live tree."""
        return (self.config / "live").readlink().name

    @property
    def loaded(self) -> str:
        """The name of the tree that NGINX loaded last."""
        return (self.folder / "loaded").read_text().strip()

    @property
    def reloads(self) -> int:
        """How often NGINX was asked to read its files."""
        file = self.folder / "reloads"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @property
    def proven(self) -> set[str]:
        """The lines that the switch wrote down."""
        return set((self.config / "proven").read_text().splitlines())

    def read(self, path: str) -> str | None:
        """A file of the live tree."""
        file = self.config / "live" / path
        return file.read_text() if file.exists() else None


def read(script: str, folder: Path) -> str:
    """A script with the folders of a test."""
    places = {"/run/portico": folder / "run", "/etc/portico": folder / "etc", "/tmp": folder / "tmp"}
    text = (SCRIPTS / script).read_text()
    return re.sub("/run/portico|/etc/portico|/tmp", lambda found: str(places[found[0]]), text)
