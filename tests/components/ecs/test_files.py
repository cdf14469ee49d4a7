"""Data on ECS: one encrypted file system that outlives the stack, and a way into it for each folder and site."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.components.ecs.sample import BUSY, deploy
from tests.components.recorder import Recorder
from tests.components.sample import BLOG
from tests.config.ecs_sample import make_section
from tests.config.sample import SHOP, make_site, write_files

SYSTEM = "aws:efs/fileSystem:FileSystem"
POINT = "aws:efs/accessPoint:AccessPoint"
TARGET = "aws:efs/mountTarget:MountTarget"
TASK = "aws:ecs/taskDefinition:TaskDefinition"
POLICY = "aws:iam/rolePolicy:RolePolicy"
INSTANCE = {"name": "store", "path": "/app/instance"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return deploy(root, BUSY, {**BLOG, "data": [INSTANCE]})


def test_no_site_with_data_means_no_file_system(made: Recorder) -> None:
    assert not made.of_type(SYSTEM) and not made.of_type(POINT)


def test_it_is_encrypted_and_backed_up_and_nothing_deletes_it(kept: Recorder) -> None:
    (system,) = kept.of_type(SYSTEM)
    assert system.inputs["encrypted"] is True and system.inputs["creationToken"] == "portico-test-data"
    assert system.retained and not system.protect and not system.imported
    tags = {"Name": "portico-test-data", "Project": "portico", "Stack": "test"}
    assert system.inputs["tags"] == tags | {"Data/blog": "store", "Data/shop": "media store"}
    (backups,) = kept.of_type("aws:efs/backupPolicy:BackupPolicy")
    assert backups.inputs["backupPolicy"] == {"status": "ENABLED"}
    (policy,) = kept.of_type("aws:efs/fileSystemPolicy:FileSystemPolicy")
    (statement,) = json.loads(policy.inputs["policy"])["Statement"]
    # Nobody is let in by it: without a role there is no way.
    assert statement["Effect"] == "Deny" and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_the_tasks_alone_reach_it_in_each_zone(kept: Recorder) -> None:
    assert len(kept.of_type(TARGET)) == 2
    rules = [
        one
        for kind in ("Ingress", "Egress")
        for one in kept.of_type(f"aws:vpc/securityGroup{kind}Rule:SecurityGroup{kind}Rule")
        if one.inputs["fromPort"] == 2049
    ]
    ways = [(one.inputs["securityGroupId"], one.inputs["referencedSecurityGroupId"]) for one in rules]
    assert ways == [
        ("fleet-files-group-id", "fleet-firewall-tasks-id"),
        ("fleet-firewall-tasks-id", "fleet-files-group-id"),
    ]
    assert not any("cidrIpv4" in one.inputs for one in rules)


def test_each_folder_is_the_sites_user_alone(kept: Recorder) -> None:
    points = {one.name: one.inputs for one in kept.of_type(POINT)}
    assert points.keys() == {"shop-data-media", "shop-data-store", "blog-data-store"}
    assert points["shop-data-store"]["rootDirectory"]["path"] == "/shop/store"
    users = {name: one["posixUser"]["uid"] for name, one in points.items()}
    assert users["shop-data-media"] == users["shop-data-store"] != users["blog-data-store"]
    for one in points.values():
        made = one["rootDirectory"]["creationInfo"]
        assert made == {"ownerUid": one["posixUser"]["uid"], "ownerGid": one["posixUser"]["gid"], "permissions": "0750"}


def test_a_role_opens_the_folders_of_its_own_site(kept: Recorder) -> None:
    (statement,) = json.loads(kept.find(POLICY, "shop-roles-task-data").inputs["policy"])["Statement"]
    assert statement["Resource"] == ["arn:aws:test:::fleet-files-system"]
    points = ["arn:aws:test:::shop-data-media", "arn:aws:test:::shop-data-store"]
    assert statement["Condition"] == {"StringEquals": {"elasticfilesystem:AccessPointArn": points}}
    assert set(statement["Action"]) == {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}


def list_mounts(made: Recorder, task: str, container: str) -> dict[str, tuple[str, bool]]:
    definitions = json.loads(made.find(TASK, task).inputs["containerDefinitions"])
    (one,) = (one for one in definitions if one["name"] == container)
    return {
        mount["sourceVolume"]: (mount["containerPath"], mount["readOnly"])
        for mount in one["mountPoints"]
        if mount["sourceVolume"].startswith("data-")
    }


def test_all_that_a_site_runs_has_its_folders_over_tls(kept: Recorder) -> None:
    own = {"data-media": ("/app/media", False), "data-store": ("/var/lib/shop", False)}
    assert list_mounts(kept, "shop-task", "gunicorn") == own
    assert list_mounts(kept, "shop-worker-queue-task", "queue") == own
    assert list_mounts(kept, "shop-jobs-nightly-task", "nightly") == own
    assert list_mounts(kept, "shop-task", "nginx") == {"data-media": ("/srv/data/shop/media", True)}
    assert list_mounts(kept, "blog-task", "gunicorn") == {"data-store": ("/app/instance", False)}
    for task in ("shop-task", "shop-worker-queue-task"):
        volumes = {one["name"]: one.get("efsVolumeConfiguration") for one in kept.find(TASK, task).inputs["volumes"]}
        assert volumes["gunicorn-tmp"] is None
        assert volumes["data-media"] == {
            "fileSystemId": "fleet-files-system-id",
            "transitEncryption": "ENABLED",
            "authorizationConfig": {"accessPointId": "shop-data-media-id", "iam": "ENABLED"},
        }


def test_new_folders_are_filled_before_the_application_starts(kept: Recorder) -> None:
    definitions = {one["name"]: one for one in json.loads(kept.find(TASK, "shop-task").inputs["containerDefinitions"])}
    seeder = definitions["data"]
    assert seeder["command"] == ["/srv/portico/media=/app/media", "/srv/portico/store=/var/lib/shop"]
    assert seeder["essential"] is False and seeder["user"] == definitions["gunicorn"]["user"]
    assert {"containerName": "data", "condition": "SUCCESS"} in definitions["gunicorn"]["dependsOn"]


def test_what_down_has_left_is_taken_over(root: Path) -> None:
    system = deploy(root, make_site(data=[INSTANCE]), answers={"files": "fs-0123"}).find(SYSTEM, "fleet-files-system")
    assert system.imported == "fs-0123" and "tags" in system.ignore_changes


def test_it_stays_where_no_site_has_data_any_more(root: Path) -> None:
    known: dict[str, Any] = {"urn::files": {"type": SYSTEM, "outputs": {"tags": {"Data/shop": "store", "Name": "x"}}}}
    made = deploy(root, make_site(), answers={"known": known, "files": "fs-other"})
    (system,) = made.of_type(SYSTEM)
    assert not system.imported and system.inputs["tags"]["Data/shop"] == "store"
    assert not made.of_type(POINT)


@pytest.mark.parametrize("network", ["public", "nat", "endpoints"])
def test_the_way_is_there_before_a_task_begins(root: Path, network: str) -> None:
    made = deploy(root, make_site(data=[INSTANCE]), section=make_section(network=network))
    targets = {one.urn for one in made.of_type(TARGET)}
    assert len(targets) == 2 and targets <= made.find(TASK, "shop-task").dependencies
