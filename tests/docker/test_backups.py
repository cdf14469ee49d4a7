"""Backups with restic itself: what comes back is what was there, damage is noticed, and a site gets its data back."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.config.backups import make_context
from portico.config.release.digest import digest_files
from portico.config.settings.backups import Backups
from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment
from tests.docker.figures import SOAK

pytestmark = [pytest.mark.docker, pytest.mark.extended]
HERE = Path(__file__).parent
HOST = "keeper.localhost"
MODULE = """
import sqlite3
from pathlib import Path

from flask import Flask, jsonify

app = Flask(__name__)
STORE = Path("/var/lib/keeper")


def connect():
    connection = sqlite3.connect(STORE / "keeper.db", timeout=20, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS orders (at TEXT)")
    return connection


@app.post("/order")
def order():
    connect().execute("INSERT INTO orders VALUES (datetime())")
    (STORE / "last.txt").write_text(str(count()))
    return "noted"


def count():
    return connect().execute("SELECT count(*) FROM orders").fetchone()[0]


@app.get("/orders")
def orders():
    return jsonify(count(), (STORE / "last.txt").read_text())
"""


def build(folder: Path) -> str:
    """The image of the container that makes backups; an engine's own builder knows no secrets of a build."""
    context = make_context(Backups.model_validate({"to": "/srv/backups"}))
    name = f"portico-test/backups:{digest_files(context)}"
    for path, file in context.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(file.content)
        (folder / path).chmod(0o755 if file.executable else 0o644)
    text = (folder / "Dockerfile").read_text()
    text = re.sub(r"(RUN|\n   ) --mount=type=secret\S* \\(?=\n)", r"\1 true && \\", text)
    (folder / "Dockerfile").write_text(text.replace("APT_CONFIG=/run/secrets/apt.conf ", ""))
    done = subprocess.run(["docker", "build", "--quiet", "--tag", name, str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return name


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    return build(tmp_path_factory.mktemp("image"))


def run_inside(image: str, script: str, *words: str) -> Any:
    """What a script prints last, run where backups are made."""
    mounted = f"{HERE / script}:/script.py:ro"
    command = ["docker", "run", "--rm", "--init", "--network", "none", "--tmpfs", "/work:size=2g", "-v", mounted, image]
    done = subprocess.run([*command, "python3", "-I", "/script.py", *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(5400 if SOAK else 1200)
def test_what_comes_back_is_what_was_there_while_others_wrote(image: str) -> None:
    """A hundred by `make soak`. The writers say what was acknowledged, each file's name what it holds."""
    wanted = 100 if SOAK else 4
    found = run_inside(image, "backup_writes.py", str(wanted), "1")
    assert found["wrong"] == [] and found["backups"] == wanted
    assert found["files"] > 0 and min(found["rows"].values()) > 0


@pytest.mark.timeout(1800)
def test_damage_of_any_kind_is_found_and_reported(image: str) -> None:
    found = run_inside(image, "backup_damage.py")
    assert found.pop("made") == ["proven", "proven"] and found.pop("nothing") == found.pop("no damage") == []
    assert len(found) > 20 and [kind for kind, reported in found.items() if not reported] == []
    assert "the key does not open the repository" in found["another key"][0]
    assert "is another one (" in found["another repository"][0]
    assert all(line.isprintable() for reported in found.values() for line in reported)


@pytest.fixture(scope="module")
def keeper(deploy: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    data = [{"name": "store", "path": "/var/lib/keeper"}]
    place = tmp_path_factory.mktemp("backups")
    # Never due while it is tested.
    backups = {"to": str(place), "every": "9 3 29 2 *"}
    deployment: Deployment = deploy(small("keeper", replicas=1, data=data), backups=backups)
    write_small(deployment, "keeper")
    deployment.write("keeper", "web.py", MODULE)
    deployment.portico("backup", "key")
    deployment.up()
    # What makes them gives way to all others, and here there are many.
    deployment.allow(900)
    # The first one is made by itself; who asks waits for it.
    assert "is made and proven" in deployment.portico("backup", "now").output
    yield deployment


def order(deployment: Deployment, count: int) -> None:
    for _ in range(count):
        assert get(deployment.port, HOST, "/order", method="POST").status == 200


def ask(deployment: Deployment) -> Any:
    return json.loads(get(deployment.port, HOST, "/orders").body)


def test_a_site_gets_its_data_back_and_the_other_state_too(keeper: Deployment) -> None:
    order(keeper, 3)
    keeper.portico("backup", "now")
    order(keeper, 4)
    said = keeper.portico("restore", "--site", "keeper", "--yes").output
    assert "keeper.db: rows orders 7 -> 3" in said and "1 get another content: last.txt" in said
    assert ask(keeper) == [3, "3"]
    order(keeper, 1)
    keeper.portico("restore", "--undo", "--yes")
    assert ask(keeper) == [7, "7"]
    keeper.portico("restore", "--forget", "--yes")
    order(keeper, 1)
    assert ask(keeper) == [8, "8"]
    assert not [one for one in keeper.containers() if one.labels["portico.role"] == "restore"]


def test_the_newest_proven_one_is_reported(keeper: Deployment) -> None:
    reported = json.loads(keeper.portico("status", "--json").output)["backups"]
    assert reported["proven"]["outcome"] == "proven" and reported["every"] == "9 3 29 2 *"
    assert "What runs is what the last update" in keeper.check().output
    listed = json.loads(keeper.portico("backup", "list", "--json").output)
    assert {one["run"]["outcome"] for one in listed} == {"proven"}
    assert keeper.portico("backup", "check").output.endswith("it is whole.\n")


def test_an_update_leaves_it_alone(keeper: Deployment) -> None:
    before = keeper.ids_of("backups")
    keeper.up()
    assert keeper.ids_of("backups") == before


def test_its_key_is_seen_nowhere(keeper: Deployment) -> None:
    key = keeper.portico("backup", "key", "--show").output.splitlines()[-1]
    assert len(key) == 64
    for one in keeper.containers():
        assert key not in json.dumps(one.attrs) and key not in one.logs().decode()
    assert key not in keeper.pulumi("stack", "export", "--stack", keeper.name).output
    maker = keeper.container("backups")
    (secrets,) = [one for one in maker.attrs["Mounts"] if one["Destination"] == "/secrets"]
    assert not secrets["RW"] and not any(one["RW"] for one in maker.attrs["Mounts"] if "/data/" in one["Destination"])


def test_damage_ends_check_with_a_reason(keeper: Deployment) -> None:
    """The last of them: what is damaged stays so."""
    place = Path(keeper.settings["backups"]["to"]) / f"portico.{keeper.name}"
    pack = max((path for path in (place / "data").rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    text = bytearray(pack.read_bytes())
    text[len(text) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(text)
    assert "restic check failed" in keeper.portico("backup", "check", fails=True).output
    (place / "config").rename(place / "elsewhere")
    keeper.portico("backup", "now", fails=True)
    assert "no new one is made there" in keeper.check(fails=True).output
