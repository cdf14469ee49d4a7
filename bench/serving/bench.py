"""The applications and edges that are measured."""

import contextlib
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import docker
import yaml
from docker.models.containers import Container

from bench.serving.shot import await_port
from portico.config.plan import Plan, make_plan
from portico.config.stackfile import read_stack
from scripts.render import render_stack, write_rendering
from tests.docker.command import ROOT
from tests.docker.engine import free_port

_IMAGE: Final = "nginx:1.30.6"
_RUN_NGINX: Final = (
    "rm -rf /etc/nginx/sites-enabled /etc/nginx/conf.d; cp -R /rendered/. /etc/nginx/; exec nginx -g 'daemon off;'"
)


class Bench:
    """The applications and edges that are measured; `close` ends them all."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._engine = folder, docker.from_env()
        self._closing = contextlib.ExitStack()
        shutil.copytree(ROOT / "examples/hello", folder / "hello", ignore=shutil.ignore_patterns("__pycache__"))
        self.sockets = folder / "sockets"
        (self.sockets / "hello").mkdir(parents=True)
        (self.sockets / "hello").chmod(0o777)
        words = folder / "hello/static/words.txt"
        words.write_text(_make_words(80 * 1024))
        words.with_name("words.txt.gz").write_bytes(gzip.compress(words.read_bytes(), 9, mtime=0))
        shutil.copystat(words, words.with_name("words.txt.gz"))

    def close(self) -> None:
        self._closing.close()

    def render(self, name: str, port: int, gunicorn: int, **settings: Any) -> tuple[Path, Plan]:
        """The tree of `make render` for these settings; only its three fixed ports are made free ones."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "Pulumi.yaml").write_text("name: portico\n")
        site = {"name": "hello", "source": "../hello", "entry": "hello:app", "hosts": ["localhost"]}
        values = {"upstream": "tcp", "replicas": 1, "port": port, "sites": [site], **settings}
        config = {f"portico:{key}": value for key, value in values.items()}
        (folder / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": config}))
        plan = make_plan(read_stack(folder, "dev"), folder)
        write_rendering(folder / "out", render_stack(plan, "sites-available"))
        if plan.settings.upstream == "tcp":
            edit(folder / "out/sites-available/hello.conf", "127.0.0.1:8000", f"127.0.0.1:{gunicorn}")
        edit(folder / "out/conf.d/00-status.conf", "127.0.0.1:8081", f"127.0.0.1:{free_port()}")
        return folder / "out", plan

    def start_gunicorn(self, tree: Path, place: int | Path) -> int:
        """Gunicorn from the rendered gunicorn.conf.py, at a port or a socket; its process id."""
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("gunicorn"),
                "--config",
                tree / "gunicorn/hello.gunicorn.conf.py",
                "hello:app",
            ],
            cwd=self.folder / "hello",
            env={**os.environ, "PORTICO_ADDRESS": f"unix:{place}" if isinstance(place, Path) else f"127.0.0.1:{place}"},
            stdout=(log := tree.with_name("gunicorn.log").open("wb")),
            stderr=log,
            start_new_session=True,
        )

        def stop() -> None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

        self._closing.callback(stop)
        if isinstance(place, int):
            await_port(place)
        return process.pid

    def start_nginx(self, tree: Path, plan: Plan, port: int) -> int:
        """NGINX as root with user www-data, as on Debian; its process id."""
        return self._run(
            ["sh", "-c", _RUN_NGINX],
            port,
            {
                str(tree): "/rendered",
                str(self.sockets): "/run/portico",
                str(self.folder / "hello/static"): f"/srv/static/hello/{plan.releases[0].id}/static",
            },
        )

    def start_caddy(self, port: int, upstream: int) -> int:
        """Caddy with the same duties: a proxy, precompressed files, an access log; its process id."""
        (self.folder / "Caddyfile").write_text(
            "{\n\tauto_https off\n\tadmin off\n}\n"
            f"http://127.0.0.1:{port}, http://localhost:{port} {{\n"
            "\tlog {\n\t\toutput file /var/log/nginx/access.log\n\t}\n"
            "\thandle /static/* {\n\t\troot * /srv\n\t\tfile_server {\n\t\t\tprecompressed gzip\n\t\t}\n\t}\n"
            f"\thandle {{\n\t\treverse_proxy 127.0.0.1:{upstream}\n\t}}\n}}\n"
        )
        program = shutil.which("caddy") or sys.exit("error: there is no caddy; make bench installs it.")
        return self._run(
            ["/caddy", "run", "--config", "/Caddyfile"],
            port,
            {
                str(program): "/caddy",
                str(self.folder / "Caddyfile"): "/Caddyfile",
                str(self.folder / "hello/static"): "/srv/static",
            },
        )

    def _run(self, command: Sequence[str], port: int, volumes: dict[str, str]) -> int:
        container: Container = self._engine.containers.create(
            _IMAGE,
            entrypoint=list(command),
            network_mode="host",
            volumes={source: {"bind": target, "mode": "ro"} for source, target in volumes.items()},
            tmpfs={"/var/log/nginx": "size=512m"},
        )
        self._closing.callback(container.remove, force=True, v=True)
        container.start()
        try:
            await_port(port)
        except TimeoutError:
            sys.exit(f"error: {' '.join(command)} does not listen\n{container.logs().decode()}")
        container.reload()
        return int(container.attrs["State"]["Pid"])


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text, f"{before} is not in {file}"
    file.write_text(text.replace(before, after))


def _make_words(size: int) -> str:
    """Text of random words: worse to compress than prose, so nobody's advantage."""
    chance = random.Random(4)
    words = ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(2, 10))) for _ in range(3000)]
    text = ""
    while len(text) < size:
        text += " ".join(chance.choices(words, k=12)) + "\n"
    return text[:size]
