"""A site on ECS whose database AWS runs: its release command migrates it, its page reads rows, and nobody else gets in.

AWS is the double (tests/cloud/plugin); tasks, images, PostgreSQL and TLS are real. The tests run in this order.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import docker
import pytest

from portico.config.task_names import RELEASE
from tests.cloud.fleet_deployment import FleetDeployment
from tests.cloud.plugin.cloud import Cloud, Thing
from tests.cloud.plugin.databases.authority import find_bundle, issue
from tests.cloud.plugin.databases.server import ask_administrator
from tests.cloud.plugin.fargate.tasks import list_tasks
from tests.cloud.plugin.fleet_kinds import DEFINITION, SECRET_VERSION
from tests.cloud.plugin.service_kinds import DATABASE
from tests.docker.applications import small, write_offline, write_small
from tests.docker.ask import get
from tests.docker.command import ROOT
from tests.docker.engine import execute
from tests.docker.product import HOST, NOTES, SITE

pytestmark = [pytest.mark.docker, pytest.mark.machine, pytest.mark.extended, pytest.mark.timeout(2400)]

_URL: Final = "/run/secrets/DATABASE_URL"
_OWN: Final = {"environment", "data", "schedule", "workers"}
_NOTES: Final = {
    **{key: value for key, value in NOTES.items() if key not in _OWN},
    "replicas": 1,
    "uses": ["db"],
    "environment": {"MEDIA_FOLDER": "/tmp/media"},
}
# As a process of the site connects: with its own URL, or with another word in it, and with a file of authorities.
_CONNECT: Final = """
import os, pathlib, sys, psycopg
if len(sys.argv) > 2:
    pathlib.Path("/tmp/authorities.pem").write_text(sys.argv[2])
    os.environ["PGSSLROOTCERT"] = "/tmp/authorities.pem"
url = open("/run/secrets/DATABASE_URL").read().replace(*sys.argv[1].split("=>"))
try:
    with psycopg.connect(url, connect_timeout=30) as link:
        print(*link.execute("SELECT ssl, current_user FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone())
except psycopg.OperationalError as error:
    print("refused:", str(error).splitlines()[-1])
"""
_REACH: Final = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 5432), 3).close()
    print("reached")
except OSError as error:
    print("refused:", type(error).__name__)
"""


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetDeployment]:
    services = [{"name": "db", "kind": "postgres", "managed": True}]
    folder = tmp_path_factory.mktemp("managed")
    other = small("other")
    with FleetDeployment(folder, _NOTES, other, ecs={"cpu": 512}, services=services, healthTimeout=15) as deployment:
        write_small(deployment, "other")
        packages = (ROOT / "examples" / SITE / "requirements.txt").read_text().split()
        write_offline(deployment, SITE, "other", packages=packages)
        deployment.up()
        yield deployment


def find_database(fleet: FleetDeployment) -> Thing:
    (found,) = fleet.cloud.things(DATABASE)
    return found


def find_url(fleet: FleetDeployment) -> SplitResult:
    """What the site has of its database, by Secrets Manager."""
    values = [json.loads(str(one.inputs["secretString"])) for one in fleet.cloud.things(SECRET_VERSION)]
    (url,) = [one["DATABASE_URL"] for one in values if "DATABASE_URL" in one]
    return urlsplit(str(url))


def run_in(fleet: FleetDeployment, site: str, *command: str) -> str:
    """What a command prints in the application's container of the site's task."""
    (task,) = fleet.tasks(site)
    engine = docker.from_env()
    said = execute(engine.containers.get(f"{task['id']}-gunicorn"), *command)
    engine.close()
    return said.strip()


def ask(fleet: FleetDeployment, path: str, **more: Any) -> Any:
    return get(fleet.port, HOST, path, address=fleet.address, **more)


def test_the_release_command_migrates_and_the_page_reads_rows(fleet: FleetDeployment) -> None:
    # The migration is the release command's: nothing else of the site makes a table.
    (task,) = list_tasks(fleet.cloud)
    assert task["lastStatus"] == "STOPPED"
    assert {one["name"]: one["exitCode"] for one in task["containers"]}[RELEASE] == 0
    assert ask(fleet, "/healthz").status == 200
    made = ask(fleet, "/jobs?seconds=0", method="POST")
    assert made.status == 201
    number = made.json()["job"]
    assert ask(fleet, f"/jobs/{number}").json()["kind"] == "rehearse"


def test_the_connection_is_by_tls_and_there_is_no_other_way(fleet: FleetDeployment) -> None:
    assert ask(fleet, "/").status == 200
    # That of the application's own pool, as the server sees it.
    seen = "SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'app'"
    assert ask_administrator(find_database(fleet).id, seen) == "t|TLSv1.3"
    assert run_in(fleet, SITE, "python3", "-c", _CONNECT, "=>") == "True app"
    clear = run_in(fleet, SITE, "python3", "-c", _CONNECT, "sslmode=require=>sslmode=disable")
    assert clear.startswith("refused:") and clear.endswith("no encryption"), clear


def test_a_file_of_authorities_lets_it_ask_who_answers(fleet: FleetDeployment, tmp_path: Path) -> None:
    """docs/services.md: a variable is enough, since libpq then asks with `require` too."""
    bundle = find_bundle(fleet.cloud).read_text()
    issue(another := Cloud(tmp_path), "db.example")
    other = find_bundle(another).read_text()
    for word in ("=>", "sslmode=require=>sslmode=verify-full"):
        assert run_in(fleet, SITE, "python3", "-c", _CONNECT, word, bundle) == "True app"
        refused = run_in(fleet, SITE, "python3", "-c", _CONNECT, word, other)
        assert refused.startswith("refused:") and "certificate verify failed" in refused, refused


def test_a_site_that_does_not_use_it_does_not_get_to_it(fleet: FleetDeployment) -> None:
    address = str(find_url(fleet).hostname)
    assert address == find_database(fleet).outputs["address"]
    assert run_in(fleet, SITE, "python3", "-c", _REACH, address) == "reached"
    assert run_in(fleet, "other", "python3", "-c", _REACH, address) == "refused: gaierror"


def test_address_and_password_reach_the_task_as_secrets_alone(fleet: FleetDeployment) -> None:
    url = find_url(fleet)
    assert url.password == find_database(fleet).inputs["password"] and len(url.password or "") == 64
    assert run_in(fleet, SITE, "cat", _URL) == url.geturl()
    definitions = [json.dumps(one.inputs) for one in fleet.cloud.things(DEFINITION)]
    assert any(":DATABASE_URL:" in one for one in definitions)
    for text in (url.password, url.hostname):
        assert not [one for one in definitions if str(text) in one]
    written = [file.read_text(errors="replace") for file in list_written(fleet)]
    assert not [text for text in written if str(url.password) in text]


def list_written(fleet: FleetDeployment) -> list[Path]:
    """What the commands, the tasks and Pulumi have left: logs, and the state."""
    folders = [fleet.folder / "logs", fleet.cloud.folder / "logs", fleet.folder / ".state"]
    found = [[file for file in folder.rglob("*") if file.is_file()] for folder in folders]
    assert all(found)
    return [file for files in found for file in files]


def test_the_state_has_the_password_in_no_clear_text(fleet: FleetDeployment) -> None:
    password = str(find_url(fleet).password)
    exported = fleet.pulumi("stack", "export", "--stack", fleet.name).output
    assert "db-managed-instance" in exported and password not in exported
    # With the passphrase it is there: what was looked for is what there is.
    shown = fleet.pulumi("stack", "export", "--stack", fleet.name, "--show-secrets")
    assert password in shown.output


def test_a_second_up_changes_nothing(fleet: FleetDeployment) -> None:
    known = fleet.cloud.journal()
    assert fleet.up().changes == 0
    assert fleet.cloud.journal() == known
