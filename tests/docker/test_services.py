"""PostgreSQL and Valkey beside the sites: who reaches them, and that no row is lost that was confirmed."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from docker.models.containers import Container
from portico.components.docker.container_command import run_in
from tests.docker.applications import small, write_small
from tests.docker.ask import ask, get
from tests.docker.conftest import Deploy
from tests.docker.engine import Deployment, execute
from tests.docker.product import HOST, NOTES, SITE

pytestmark = pytest.mark.docker
_OWN = {"environment", "data", "schedule", "workers"}
# What a process of the site sees: whether it is let in, and where.
_CONNECT = """
import os, sys, psycopg
url = os.environ["DATABASE_URL"].replace(*sys.argv[1].split("="))
try:
    with psycopg.connect(url, connect_timeout=30) as connection:
        print(connection.execute("SELECT current_database()").fetchone()[0])
except psycopg.OperationalError as error:
    print("refused:", str(error).splitlines()[-1][-120:])
"""
_REACH = """
import socket, sys
for host in sys.argv[1:]:
    try:
        socket.create_connection((host, 5432), 3).close()
        print("reached")
    except OSError as error:
        print(type(error).__name__)
"""
_SPEAK = """
import os, socket, urllib.parse
url = urllib.parse.urlsplit(os.environ["REDIS_URL"])
with socket.create_connection((url.hostname, url.port), 5) as link:
    for line in (f"AUTH {url.username} {url.password}", "SET seen yes", "GET seen", "CONFIG GET dir"):
        link.sendall(f"{line}\\r\\n".encode())
        print(link.recv(100).split(b"\\r\\n")[-2].decode().split()[0])
"""


@pytest.fixture(scope="module")
def notes(deploy: Deploy) -> Iterator[Deployment]:
    site = {key: value for key, value in NOTES.items() if key not in _OWN}
    site |= {"replicas": 1, "uses": ["db", "cache"], "environment": {"MEDIA_FOLDER": "/tmp/media"}}
    services = [{"name": "db", "kind": "postgres"}, {"name": "cache", "kind": "valkey"}]
    deployment: Deployment = deploy(site, small("other"), services=services)
    write_small(deployment, "other")
    deployment.up()
    yield deployment


def find_server(deployment: Deployment, service: str) -> Container:
    (found,) = [one for one in deployment.containers("service") if one.labels["portico.service"] == service]
    return found


def in_replica(deployment: Deployment, site: str, script: str, *words: str) -> list[str]:
    """What the script prints, in a replica and with the variables that its process has."""
    replica = deployment.containers("gunicorn", site)[0]
    launcher = replica.attrs["Config"]["Entrypoint"][:-1]
    return execute(replica, *launcher, "python3", "-c", script, *words).splitlines()


def test_only_a_site_that_uses_it_reaches_it_and_only_its_own(notes: Deployment) -> None:
    assert get(notes.port, HOST, "/healthz").status == 200
    assert in_replica(notes, SITE, _CONNECT, "a=a") == ["notes"]
    for change in ("/notes=/postgres", "notes:=postgres:"):
        (said,) = in_replica(notes, SITE, _CONNECT, change)
        assert said.startswith("refused:"), said
    assert in_replica(notes, SITE, _SPEAK) == ["+OK", "+OK", "yes", "-NOPERM"]
    networks: dict[str, Any] = find_server(notes, "db").attrs["NetworkSettings"]["Networks"]
    (address,) = [one["IPAddress"] for one in networks.values()]
    other = in_replica(notes, "other", _REACH, "db.portico.internal", address)
    assert other[0] == "gaierror" and other[1] in ("TimeoutError", "OSError"), other
    assert not find_server(notes, "db").ports


def test_no_password_is_shown(notes: Deployment) -> None:
    url = execute(notes.containers("gunicorn", SITE)[0], "cat", "/run/secrets/DATABASE_URL")
    password = url.split(":")[2].split("@")[0]
    assert len(password) > 40
    shown = [json.dumps(one.attrs) for one in notes.containers()] + [one.logs().decode() for one in notes.containers()]
    assert not any(password in one for one in shown)
    state = (notes.folder / ".state").rglob("*.json")
    assert not any(password in one.read_text() for one in state)


def order(deployment: Deployment) -> int | None:
    """A row that was confirmed: its number; None where the answer was an error."""
    try:
        answer = ask(deployment.port, HOST, "/jobs?seconds=0", method="POST", address=deployment.address)
        return int(json.loads(answer.body)["job"]) if answer and answer.status == 201 else None
    except (OSError, ValueError):
        return None


def list_rows(deployment: Deployment) -> set[int]:
    words = ("psql", "-XAt", "-h", "/var/lib/postgresql/run", "-U", "postgres", "-d", SITE, "-c", "SELECT id FROM jobs")
    code, reported = run_in(find_server(deployment, "db"), words, user="999")
    assert code == 0, reported
    return {int(line) for line in reported.split()}


def test_no_confirmed_row_is_lost_when_it_is_killed(notes: Deployment) -> None:
    confirmed, stop = set[int](), threading.Event()

    def write() -> None:
        while not stop.is_set():
            if number := order(notes):
                confirmed.add(number)

    writers = [threading.Thread(target=write) for _ in range(4)]
    for one in writers:
        one.start()
    time.sleep(2)
    before = len(confirmed)
    # The server's own process: Docker then starts the container again, as after any crash.
    execute(find_server(notes, "db"), "sh", "-c", "kill -9 $(head -n 1 /var/lib/postgresql/data/postmaster.pid)")
    end = time.monotonic() + 90
    # Many rows may be confirmed until the signal is there: those after the server's return are waited for.
    while not is_back(find_server(notes, "db")) and time.monotonic() < end:
        time.sleep(0.2)
    again = len(confirmed)
    while len(confirmed) <= again + 20 and time.monotonic() < end:
        time.sleep(0.2)
    stop.set()
    for one in writers:
        one.join()
    server = find_server(notes, "db")
    assert before and is_back(server) and len(confirmed) > again + 20
    assert server.attrs["RestartCount"] == 1
    assert confirmed <= list_rows(notes)


def is_back(server: Container) -> bool:
    """Whether it was started again, and answers."""
    return server.attrs["RestartCount"] > 0 and server.status == "running" and server.health == "healthy"


@pytest.mark.extended
def test_a_release_and_down_keep_the_data_and_another_version_is_refused(notes: Deployment) -> None:
    number, server = order(notes), find_server(notes, "db").id
    notes.write(SITE, "more.txt", "another release")
    notes.up()
    assert find_server(notes, "db").id == server
    services = notes.settings["services"]
    notes.configure(services=[{"name": "db", "kind": "postgres", "version": "17"}, services[1]])
    said = notes.up(fails=True)
    assert 'services[0].version: "17" is not the version of the data of db, 18' in said.output
    assert find_server(notes, "db").id == server and get(notes.port, HOST, "/healthz").status == 200
    notes.configure(services=services)
    notes.destroy()
    assert [one for one in notes.leftovers() if one.endswith("db.postgres-18")]
    notes.up()
    assert number in list_rows(notes) and order(notes)
