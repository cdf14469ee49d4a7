"""The double's databases: who connects and how, another password, and that nothing is left of one."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from portico.components.docker.container_command import run_in
from tests.cloud.caller import Caller, Refused
from tests.cloud.leftovers import list_leftovers, remove, sweep
from tests.cloud.plugin.cloud import Thing
from tests.cloud.plugin.databases.authority import find_bundle
from tests.cloud.plugin.databases.server import name_server
from tests.cloud.plugin.databases.ways import list_ways
from tests.cloud.plugin.kinds import EGRESS, INGRESS, SUBNET, VPC
from tests.cloud.plugin.owner import claim, name_owner
from tests.cloud.plugin.service_kinds import DATABASE, DATABASE_PARAMETERS, DATABASE_SUBNETS

pytestmark = [pytest.mark.docker, pytest.mark.extended, pytest.mark.timeout(300)]

_SECURITY_GROUP = "aws:ec2/securityGroup:SecurityGroup"


class Place:
    """A VPC with two security groups, and databases that the members of one get to."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.caller = Caller(folder, patch, paper=False)
        claim(folder)
        self.owner = name_owner(folder)
        create = self.caller.create
        vpc = create(VPC, "vpc", cidrBlock="10.78.0.0/16")
        self.subnet = create(SUBNET, "data", vpcId=vpc.id, cidrBlock="10.78.0.0/24")
        self.users, self.servers = (create(_SECURITY_GROUP, name, vpcId=vpc.id) for name in ("users", "servers"))
        create(DATABASE_SUBNETS, "data", name="data", subnetIds=[self.subnet.id])

    def open(self) -> Thing:
        """Let the users in; what lets them."""
        port = {"ipProtocol": "tcp", "fromPort": 5432, "toPort": 5432}
        create, ours, theirs = self.caller.create, self.users.id, self.servers.id
        create(EGRESS, "out", securityGroupId=ours, referencedSecurityGroupId=theirs, **port)
        return create(INGRESS, "in", securityGroupId=theirs, referencedSecurityGroupId=ours, **port)

    def make(self, **more: Any) -> Thing:
        given = {
            "identifier": "double-db-0a1b2c3d",
            "engine": "postgres",
            "engineVersion": "18",
            "instanceClass": "db.t4g.micro",
            "username": "app",
            "dbName": "app",
            "password": "first",
            "port": 5432,
            "dbSubnetGroupName": "data",
            "vpcSecurityGroupIds": [self.servers.id],
            "skipFinalSnapshot": True,
        }
        return self.caller.create(DATABASE, "db", **given | more)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    sweep()
    place = Place(tmp_path, monkeypatch)
    yield place
    remove(place.owner)


def connect(place: Place, thing: Thing, **words: str) -> str:
    """What a client in the database's network gets, who knows the authority's bundle: libpq's `words`."""
    engine = docker.from_env()
    client = engine.containers.create(
        "postgres:18.6",
        ["sleep", "infinity"],
        entrypoint=[],
        network=name_server(thing.id),
        labels={"portico.test-cloud": place.owner},
        volumes={str(find_bundle(place.caller.cloud)): {"bind": "/bundle.pem", "mode": "ro"}},
    )
    try:
        client.start()
        given = {"host": thing.outputs["address"], "user": "app", "password": "first", "dbname": "app", **words}
        line = " ".join(f"{name}={value}" for name, value in given.items())
        return run_in(client, ("psql", line, "-XAtc", "SELECT 'as ' || current_user")).text.strip()
    finally:
        client.remove(force=True)
        engine.close()


def test_nobody_connects_in_clear_but_where_the_parameters_say_so(place: Place) -> None:
    thing = place.make()
    assert connect(place, thing, sslmode="disable").endswith("no encryption")
    verified = {"sslmode": "verify-full", "sslrootcert": "/bundle.pem"}
    assert connect(place, thing, **verified) == "as app"
    assert "does not match host name" in connect(place, thing, host=name_server(thing.id), **verified)
    assert "certificate verify failed" in connect(place, thing, sslmode="verify-full", sslrootcert="system")
    given = [{"name": "rds.force_ssl", "value": "0"}]
    place.caller.create(DATABASE_PARAMETERS, "clear", name="clear", family="postgres18", parameters=given)
    other = place.make(identifier="clear", parameterGroupName="clear")
    assert connect(place, other, sslmode="disable") == "as app"


def test_the_first_role_is_no_superuser_and_gets_another_password(place: Place) -> None:
    thing = place.make()
    assert "password authentication failed" in connect(place, thing, password="guessed")
    changed = place.caller.update(thing, password="second")
    assert "password authentication failed" in connect(place, changed)
    assert connect(place, changed, password="second") == "as app"
    assert "pg_hba.conf rejects" in connect(place, changed, user="rdsadmin", dbname="postgres")


def test_who_gets_to_it_is_what_both_security_groups_say(place: Place) -> None:
    thing = place.make()
    cloud, members = place.caller.cloud, {"subnets": [place.subnet.id], "securityGroups": [place.users.id]}
    assert list_ways(cloud, members) == []
    rule = place.open()
    assert list_ways(cloud, members) == [name_server(thing.id)]
    assert list_ways(cloud, {**members, "securityGroups": []}) == []
    vpc = place.caller.create(VPC, "other", cidrBlock="10.79.0.0/16")
    elsewhere = place.caller.create(SUBNET, "other", vpcId=vpc.id, cidrBlock="10.79.0.0/24")
    assert list_ways(cloud, {**members, "subnets": [elsewhere.id]}) == []
    place.caller.delete(rule)
    assert list_ways(cloud, members) == []


def test_nothing_is_left_of_one_that_is_deleted_or_never_answered(place: Place) -> None:
    thing = place.make()
    assert len(list_leftovers(place.owner)) == 2
    place.caller.delete(thing)
    assert list_leftovers(place.owner) == []
    with pytest.raises(Refused, match="took no statement"):
        place.make(username="pg_app")
    assert list_leftovers(place.owner) == [] == place.caller.cloud.things(DATABASE)


def test_nothing_is_left_of_one_whose_owner_was_killed(tmp_path: Path) -> None:
    script = [
        "import os, signal, sys, pytest",
        "from pathlib import Path",
        "from tests.cloud.test_databases import Place",
        "place = Place(Path(sys.argv[1]), pytest.MonkeyPatch())",
        "place.make()",
        "print(place.owner, flush=True)",
        "os.kill(os.getpid(), signal.SIGKILL)",
    ]
    command = [sys.executable, "-c", "\n".join(script), str(tmp_path / "cloud")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200)
    owner = done.stdout.strip()
    assert owner, done.stderr
    until = time.monotonic() + 60
    while list_leftovers(owner) and time.monotonic() < until:
        time.sleep(0.5)
    assert list_leftovers(owner) == []
