"""Servers as Portico runs them, what dumps them and what makes backups, without a stack: by Docker's own command."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portico.config.backups import PROGRAM, VARIABLE
from portico.config.services.containers import INCOMING, describe_grants, describe_preparation, describe_server
from portico.config.services.dumper import describe_dumper
from portico.config.services.server import write_grants, write_users
from portico.config.settings import Settings
from portico.config.settings.service import POSTGRES, Service
from tests.config.sample import SHOP, make_site, read_settings, write_files

SITE = "shop"
KEY = "a key of sixteen and more"
_OF_DB, _OF_CACHE = (tuple(f"{one}{part}" for part in ("", "-dumper", "-keeper")) for one in ("db", "cache"))


def call(*words: str, given: str | None = None) -> str:
    """What Docker's command prints."""
    done = subprocess.run(["docker", *words], input=given, capture_output=True, text=True)
    assert done.returncode == 0, f"{words[:3]}: {done.stdout[-1000:]}{done.stderr[-2000:]}"
    return done.stdout.strip()


def spell(described: dict[str, Any], image: str) -> list[str]:
    """The words behind `docker run` for a container as it is described for the provider."""
    first, *rest = described["entrypoints"]
    options = ["--init", "--user", described["user"], "--memory", f"{described['memory']}m", "--entrypoint", first]
    options += ["--network", "none", "--security-opt", "no-new-privileges:true", "--cap-drop", "ALL"]
    options += [f"--cap-add={one}" for one in described["capabilities"].get("adds", ())]
    options += ["--read-only"] if described["read_only"] else []
    options += [f"--tmpfs={path}:{how}" for path, how in described.get("tmpfs", {}).items()]
    for one in described["volumes"]:
        how = ":ro" if one.get("read_only") else ""
        options += ["--volume", f"{one['volume_name']}:{one['container_path']}{how}"]
    return [*options, image, *rest, *described["command"]]


@dataclass(frozen=True)
class Scene:
    """Containers and volumes whose names begin with `name`; `settings` have the services db and cache of one site."""

    name: str
    settings: Settings
    image: str
    folder: Path

    def find(self, service: str) -> Service:
        """One of them."""
        return next(one for one in self.settings.services if one.name == service)

    def start(self, service: str, *volume: str) -> None:
        """A server, with all that is done before and after; `volume` are options of the volume of its data.

        A container keeps the volume: one in memory is gone as soon as nobody has it.
        """
        found, data, spool = self.find(service), f"{self.name}-{service}", f"{self.name}-{service}-spool"
        call("volume", "create", *volume, data)
        call("volume", "create", spool)
        keeper = ("--detach", "--init", "--network=none", f"--name={data}-keeper", "--entrypoint=sleep")
        call("run", *keeper, "--volume", f"{data}:{found.data.path}", found.pinned, "86400")
        passwords = {SITE: "secret"}
        handed = self.folder / service
        text = write_grants if found.kind == POSTGRES else write_users
        handed.write_text(text(self.settings, found, passwords))
        handed.chmod(0o644)
        given = ["--volume", f"{handed}:{INCOMING}:ro"]
        call("run", "--rm", *given, *spell(describe_preparation(found, data), found.pinned))
        server = describe_server(self.settings, found, data, "none")
        call("run", "--detach", "--restart=unless-stopped", f"--name={data}", *spell(server, found.pinned))
        call("run", "--rm", *given, *spell(describe_grants(found, data), found.pinned))
        dumper = describe_dumper(self.settings, found, data, spool)
        call("run", "--detach", f"--name={data}-dumper", *spell(dumper, found.pinned))

    def start_maker(self) -> None:
        """What makes backups, as long as somebody asks it to."""
        asked = {
            **{"url": "/to/repository", "host": "portico.dev", "rate": 0, "keep": {"last": 3}, "every": "9 3 29 2 *"},
            "sources": [
                {"name": f"db/{SITE}", "kind": "postgres", "site": SITE},
                {"name": "cache/valkey", "kind": "valkey", "site": SITE},
            ],
        }
        (self.folder / "key").write_text(KEY)
        mounts = [f"{self.name}-db-spool:/spool/db", f"{self.name}-cache-spool:/spool/cache"]
        # Who brings something back may write there.
        mounts += [f"{self.name}-cache:/servers/cache/valkey", f"{self.folder / 'key'}:/secrets/key:ro"]
        words = [word for one in mounts for word in ("--volume", one)]
        words += ["--tmpfs=/work:size=1g", "--tmpfs=/to:size=1g", "--env", f"{VARIABLE}={json.dumps(asked)}"]
        words += ["--network=none", "--entrypoint=sleep", f"--name={self.name}-maker", self.image, "86400"]
        call("run", "--detach", "--init", *words)

    def ask_maker(self, *words: str) -> Any:
        """What the program answers."""
        reported = json.loads(call("exec", f"{self.name}-maker", PROGRAM, *words).splitlines()[-1])
        assert "error" not in reported, reported
        return reported["answer"]

    def ask(self, question: str, database: str = SITE) -> str:
        """What the database answers to its administrator."""
        words = ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", "/var/lib/postgresql/run", "-U", "postgres"]
        return call("exec", "-i", f"{self.name}-db", *words, "-d", database, given=question)

    def open(self, service: str, *words: str) -> "subprocess.Popen[str]":
        """A client that is given lines, and prints a line for each."""
        command = ["docker", "exec", "-i", f"{self.name}-{service}", *words]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1
        )

    def remove(self) -> None:
        """All of it."""
        names = [f"{self.name}-{one}" for one in ("maker", *_OF_DB, *_OF_CACHE)]
        subprocess.run(["docker", "rm", "--force", "--volumes", *names], capture_output=True)
        volumes = [f"{self.name}-{one}" for one in ("db", "db-spool", "cache", "cache-spool")]
        subprocess.run(["docker", "volume", "rm", "--force", *volumes], capture_output=True)


def make_scene(name: str, folder: Path, image: str = "", services: Sequence[dict[str, Any]] = ()) -> Scene:
    """Nothing of it runs yet."""
    write_files(folder / "shop", SHOP)
    both = [{"name": "db", "kind": "postgres"}, {"name": "cache", "kind": "valkey"}]
    site = make_site(uses=["db", "cache"])
    settings = read_settings(folder, site, services=[*(services or both)], backups={"to": "/srv/backups"})
    return Scene(name, settings, image, folder)
