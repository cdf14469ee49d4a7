"""Backups of PostgreSQL and Valkey beside the sites: what comes back is what was confirmed, and whose it is."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator

import pytest

from portico.components.docker.container_command import run_in
from tests.docker.ask import get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.outage import Outage
from tests.docker.product import HOST, NOTES, SITE, write_release
from tests.docker.test_services import find_server, in_replica, list_rows, order

pytestmark = [pytest.mark.docker, pytest.mark.extended]
_CACHE = """
import os, socket, sys, urllib.parse
url = urllib.parse.urlsplit(os.environ["REDIS_URL"])
with socket.create_connection((url.hostname, url.port), 5) as link:
    for line in (f"AUTH {url.username} {url.password}", *sys.argv[1:]):
        link.sendall(f"{line}\\r\\n".encode())
        said = link.recv(1000).split(b"\\r\\n")
    print(said[-2].decode())
"""


@pytest.fixture(scope="module")
def keeper(deploy: Deploy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    site = {key: value for key, value in NOTES.items() if key not in ("environment", "data", "schedule", "workers")}
    site |= {"replicas": 1, "uses": ["db", "cache"], "environment": {"MEDIA_FOLDER": "/media"}}
    site["data"] = [{"name": "media", "path": "/media", "url": "/media/"}]
    services = [{"name": "db", "kind": "postgres"}, {"name": "cache", "kind": "valkey"}]
    # Never due while it is tested.
    backups = {"to": str(tmp_path_factory.mktemp("backups")), "every": "9 3 29 2 *"}
    deployment: Deployment = deploy(site, services=services, backups=backups)
    deployment.portico("backup", "key")
    # What makes them gives way to all others, and here there are many.
    deployment.allow(900)
    deployment.up()
    yield deployment


def cache(deployment: Deployment, *lines: str) -> str:
    """What the cache says last to these lines of the site."""
    (said,) = in_replica(deployment, SITE, _CACHE, *lines)
    return said


def test_what_was_confirmed_before_a_backup_comes_back_and_the_rest_is_kept(keeper: Deployment) -> None:
    cache(keeper, "SET colour green")
    confirmed, stop = {order(keeper)}, threading.Event()

    def write() -> None:
        while not stop.is_set():
            confirmed.add(order(keeper))

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(1)
    before = confirmed - {None}
    said = keeper.portico("backup", "now").output
    stop.set()
    writer.join()
    assert "1 database of PostgreSQL with" in said and "1 cache with 1 key" in said
    cache(keeper, "SET colour red", "SET more yes")
    later = confirmed - {None} | {order(keeper)}
    assert later <= list_rows(keeper)

    with Outage(keeper, HOST, "/healthz") as outage:
        said = keeper.portico("restore", "--site", SITE, "--yes").output
    print(f"\nno good answer for {outage.seconds:.1f} s during a restore")
    assert "db/notes: rows jobs" in said and "cache/valkey: keys db0 2 -> 1" in said, said
    assert get(keeper.port, HOST, "/healthz").status == 200
    back = list_rows(keeper)
    assert before <= back < later
    assert cache(keeper, "GET colour") == "green" and cache(keeper, "EXISTS more") == ":0"
    assert order(keeper), "it may write, and numbers go on"

    keeper.portico("restore", "--undo", "--yes")
    assert later <= list_rows(keeper) and cache(keeper, "GET colour") == "red"
    keeper.portico("restore", "--forget", "--yes")
    words = ("psql", "-XAt", "-h", "/var/lib/postgresql/run", "-U", "postgres", "-c", "SELECT datname FROM pg_database")
    code, names = run_in(find_server(keeper, "db"), words, user="999")
    assert code == 0 and b"-" not in names
    assert order(keeper)


def test_a_server_that_cannot_be_dumped_is_no_proven_backup(keeper: Deployment) -> None:
    (dumper,) = [one for one in keeper.containers("dumper") if one.labels["portico.service"] == "db"]
    dumper.stop(timeout=1)
    said = keeper.portico("backup", "now", fails=True).output
    assert "db/notes could not be dumped: the container that dumps db does not run" in said
    assert "db/notes could not be dumped" in keeper.check(fails=True).output
    dumper.start()
    assert "is made and proven" in keeper.portico("backup", "now").output


def test_no_password_is_in_what_dumps_or_in_its_dumps(keeper: Deployment) -> None:
    replica = keeper.containers("gunicorn", SITE)[0]
    passwords = [
        execute(replica, "cat", f"/run/secrets/{name}").split(":")[2].split("@")[0]
        for name in ("DATABASE_URL", "REDIS_URL")
    ]
    for one in keeper.containers():
        shown = json.dumps(one.attrs) + one.logs().decode()
        assert not any(password in shown for password in passwords)
    for one in keeper.containers("dumper"):
        assert one.attrs["HostConfig"]["NetworkMode"] == "none" and one.attrs["HostConfig"]["CapDrop"] == ["ALL"]
        assert one.attrs["HostConfig"]["ReadonlyRootfs"]
        writable = {mount["Destination"] for mount in one.attrs["Mounts"] if mount["RW"]}
        assert writable == {"/spool"}


_BAD = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    {change}
"""
_WAITS = 'op.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"); op.execute("SELECT pg_sleep(3)")'


def write_migration(deployment: Deployment, change: str) -> None:
    deployment.write(SITE, "migrations/versions/0002_extra.py", _BAD.format(change=change))


def list_tables(deployment: Deployment) -> str:
    words = ("psql", "-XAt", "-h", "/var/lib/postgresql/run", "-U", "postgres", "-d", SITE)
    asked = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2"
    code, said = run_in(find_server(deployment, "db"), [*words, "-c", asked], user="999")
    assert code == 0
    return said.decode()


def test_a_rehearsal_finds_what_a_migration_does_on_real_data_and_leaves_nothing(keeper: Deployment) -> None:
    assert order(keeper)
    keeper.portico("backup", "now")
    tables, everything = list_tables(keeper), keeper.ids()

    write_migration(keeper, f'{_WAITS}; op.rename_table("notes", "papers")')
    said = keeper.portico("rehearse", "--path", "/", "--lock", "2", fails=True).output
    assert "a lock is kept longer than 2 s: jobs for " in said and "(reads and writes wait)" in said, said
    assert "the live release answers / with 500 once the command has run" in said

    write_migration(keeper, 'op.add_column("jobs", sa.Column("more", sa.Integer(), nullable=False))')
    # An update that is to be rehearsed first goes no further.
    keeper.configure_site(SITE, release=NOTES["release"] | {"rehearse": True})
    said = keeper.portico("up", fails=True).output
    assert "`flask db upgrade` failed with exit code 1" in said and "contains null values" in said, said
    assert "Nothing was changed." in said and keeper.ids() == everything

    write_release(keeper, 1)
    reported = json.loads(keeper.portico("rehearse", "--path", "/", "--json").output.partition("{")[2].join(("{", "")))
    assert reported["faults"] == [] and reported["command"]["code"] == 0
    assert reported["old"] == reported["new"] == {"/healthz": "200", "/": "200"}
    assert list_tables(keeper) == tables and keeper.ids() == everything
    assert not [one for one in keeper.leftovers() if "rehearsal" in one]


def test_whoever_interrupts_a_rehearsal_finds_nothing_left(keeper: Deployment) -> None:
    everything = keeper.ids()
    with subprocess.Popen(
        keeper.spell_portico("rehearse"),
        cwd=keeper.folder,
        env=keeper.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        end = time.monotonic() + 300
        while not keeper.containers("rehearsal") and process.poll() is None and time.monotonic() < end:
            time.sleep(0.2)
        os.killpg(process.pid, signal.SIGINT)
        said, _ = process.communicate(timeout=120)
    assert process.returncode == 130 and "Interrupted: the copy is removed." in said and "Traceback" not in said, said
    assert keeper.ids() == everything and not [one for one in keeper.leftovers() if "rehearsal" in one]
