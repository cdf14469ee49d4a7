"""The disk of data of a VM: made once, taken over, moved when nobody writes, and never deleted by Pulumi."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.aws.disk import list_folders, list_stored
from portico.components.aws.recorded_disk import RecordedDisk
from portico.components.docker.engine_client import Engine
from portico.components.hosts.aws import AwsHost
from portico.components.hosts.connection import Connection
from portico.components.hosts.data_disk import require_fit
from tests.components.aws.sample import INSTANCE, OLD, leave, read
from tests.components.recorder import CONTAINER, Recorder, Resource, run
from tests.config.aws_sample import make_section
from tests.config.sample import make_site, read_settings

VOLUME = "aws:ebs/volume:Volume"
ATTACHMENT = "aws:ec2/volumeAttachment:VolumeAttachment"
POLICY = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
DISK = "vol-0123456789abcdef0"
OTHER = "ami-0fedcba9876543210"
SHOP = make_site(data=[{"name": "store", "path": "/var/lib/shop"}])
FOLDER = "portico.test.shop.store"


class Machines:
    """What is done on VMs, in order. `refuses` are words of one that does not give the disk back."""

    def __init__(self, patch: pytest.MonkeyPatch, refuses: str = "") -> None:
        self.done: list[tuple[str, ...]] = []
        self._refuses = refuses
        for name in ("mount", "give_back", "stop_users"):
            patch.setattr(f"portico.components.hosts.data_disk.{name}", getattr(self, name))

    async def mount(self, connection: Connection, volume: str, folders: Sequence[str]) -> None:
        self.done.append(("mount", connection.host, volume, *folders))

    async def give_back(self, connection: Connection) -> None:
        if self._refuses:
            raise pulumi.RunError(self._refuses)
        self.done.append(("give back", connection.host))

    def stop_users(self, engine: Engine, volumes: Sequence[str], graces: Mapping[str, int]) -> None:
        self.done.append(("stop", str(engine.address), *volumes, json.dumps(graces)))


def make(
    root: Path,
    section: Mapping[str, Any] | None = None,
    *,
    site: Mapping[str, Any] = SHOP,
    resources: Mapping[str, Any] | None = None,
    images: Sequence[Any] = ("sha256:1",),
    seen: list[Resource] | None = None,
    protect: bool = False,
    **answers: Any,
) -> Recorder:
    """All that a host with a disk registers, which is asked to mount it; `images` are those of the sites."""
    settings = read(root, section, sites=[site], protect=protect)

    def build() -> None:
        host = AwsHost("host", settings, resources or {})
        if host.disk:
            folders = [FOLDER] if settings.sites[0].data else []
            ready = host.disk.prepare([pulumi.Output.from_input(one) for one in images], folders)
            pulumi.export("data", ready)

    return run(build, seen=seen, **answers)


def record(tags: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What the last update left of a disk of 10 GiB, and of the VM that has it."""
    arn = f"arn:aws:ec2:eu-central-1:123456789012:volume/{DISK}"
    volume = {"arn": arn, "availabilityZone": "eu-central-1a", "size": 10, "tags": tags or {}}
    return {
        "urn::volume": {"type": VOLUME, "outputs": volume},
        "urn::attachment": {"type": ATTACHMENT, "outputs": {"volumeId": DISK, "instanceId": OLD}},
    }


def test_no_site_with_data_means_no_disk(root: Path) -> None:
    made = make(root, site=make_site())
    assert not made.of_type(VOLUME) and not made.of_type(POLICY)


def test_it_is_encrypted_in_the_zone_of_the_vm_and_nothing_deletes_it(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = Machines(monkeypatch)
    made = make(root, {"dataDisk": "25G", "zone": "eu-central-1b"}, protect=True)
    volume = made.find(VOLUME, "host-eu-central-1-disk-volume")
    wanted = {"encrypted": True, "type": "gp3", "size": 25, "availabilityZone": "eu-central-1b"}
    assert {key: volume.inputs[key] for key in wanted} == wanted
    assert volume.inputs["tags"] == {
        "Name": "portico-test-data",
        "Project": "portico",
        "Stack": "test",
        "Data/shop": "store",
    }
    assert volume.retained and not volume.protect and not volume.imported
    attachment = made.find(ATTACHMENT, "host-eu-central-1-disk-attachment")
    vm = made.find(INSTANCE, "host-eu-central-1-vm-1-instance")
    assert attachment.inputs["instanceId"] == "host-eu-central-1-vm-1-instance-id"
    # It goes with its VM, which shuts down first, and is never with two.
    assert attachment.deleted_with == vm.urn and attachment.delete_before_replace is True
    assert machines.done == [
        ("mount", "host-eu-central-1-vm-1-instance-id", "host-eu-central-1-disk-volume-id", FOLDER)
    ]
    assert made.exports["data"]


def test_a_snapshot_a_day_is_made_of_this_disk_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Machines(monkeypatch)
    made = make(root, {"dataSnapshots": 30})
    details = made.find(POLICY, "host-eu-central-1-disk-snapshots").inputs["policyDetails"]
    tags = {"Name": "portico-test-data", "Project": "portico", "Stack": "test"}
    assert (details["resourceTypes"], details["targetTags"]) == (["VOLUME"], tags)
    (schedule,) = details["schedules"]
    assert schedule["createRule"] == {"interval": 24, "intervalUnit": "HOURS", "times": "03:00"}
    assert schedule["retainRule"] == {"count": 30} and schedule["copyTags"] is True
    (allowed,) = (one for one in made.of_type("aws:iam/rolePolicy:RolePolicy") if "snapshots" in one.name)
    statements = json.loads(allowed.inputs["policy"])["Statement"]
    for action in ("ec2:CreateSnapshot", "ec2:DeleteSnapshot"):
        first = next(one for one in statements if action in one["Action"])
        assert first["Condition"]["StringEquals"] == {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    (role,) = (one for one in made.of_type("aws:iam/role:Role") if "snapshots" in one.name)
    trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "dlm.amazonaws.com"}]


def test_one_that_down_has_left_is_taken_over(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Machines(monkeypatch)
    tags = {"Name": "portico-test-data", "Project": "portico", "Stack": "test", "Data/blog": "media"}
    left = {"id": DISK, "availabilityZone": "eu-central-1a", "size": 7, "tags": tags}
    volume = make(root, disks=[left]).find(VOLUME, "host-eu-central-1-disk-volume")
    # As it is: Pulumi takes over nothing that it would have to change first.
    assert (volume.imported, volume.inputs["size"], volume.inputs["tags"]) == (DISK, 7, tags)
    with pytest.raises(pulumi.RunError, match=r"aws\.zone: eu-central-1a is not where the disk of data is"):
        make(root, {"zone": "eu-central-1a"}, disks=[{**left, "availabilityZone": "eu-central-1b"}])
    elsewhere = make(root, disks=[{**left, "availabilityZone": "eu-central-1b"}])
    assert elsewhere.of_type("aws:ec2/subnet:Subnet")[0].inputs["availabilityZone"] == "eu-central-1b"
    with pytest.raises(pulumi.RunError, match="There are several disks of data of this stack"):
        make(root, disks=[left, {**left, "id": "vol-00000000000000000"}])


def test_a_disk_that_is_there_is_not_looked_for_and_stays_where_no_site_has_data_any_more(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = Machines(monkeypatch)
    known = {**leave(3), **record({"Data/shop": "store"})}
    lost = [{"id": "vol-00000000000000000", "availabilityZone": "eu-central-1b", "size": 1, "tags": {}}]
    made = make(root, site=make_site(), resources=known, alive=[OLD], disks=lost)
    volume = made.find(VOLUME, "host-eu-central-1-disk-volume")
    assert not volume.imported and volume.inputs["tags"]["Data/shop"] == "store"
    # Nothing is stopped or taken away where the VM stays.
    assert [one[0] for one in machines.done] == ["mount"]


def test_it_moves_once_images_are_there_and_nobody_writes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = Machines(monkeypatch)
    container = {"type": CONTAINER, "outputs": {"name": "shop-gunicorn-0-abc", "destroyGraceSeconds": 42}}
    known = {**leave(3), **record(), "urn::shop": container}
    seen: list[Resource] = []
    early: list[str] = []

    async def build_image() -> str:
        while INSTANCE not in [one.type for one in seen]:
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.3)
        early.extend(one.type for one in seen)
        assert machines.done == []
        return "sha256:1"

    make(root, {"ami": OTHER}, resources=known, alive=[OLD], images=[build_image()], seen=seen)
    assert VOLUME in early and ATTACHMENT not in early
    assert machines.done == [
        ("stop", f"ssh://portico@{OLD}:22", FOLDER, '{"shop-gunicorn-0-abc": 42}'),
        ("give back", OLD),
        ("mount", "host-eu-central-1-vm-4-instance-id", "host-eu-central-1-disk-volume-id", FOLDER),
    ]


@pytest.mark.parametrize(
    ("images", "refuses", "said"),
    [(["-"], "", "stays where it is, since an image is missing"), (["sha256:1"], "still in use", "still in use")],
)
def test_it_does_not_move_where_an_image_or_the_holders_word_is_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch, images: list[str], refuses: str, said: str
) -> None:
    machines = Machines(monkeypatch, refuses)
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError, match=said):
        make(root, {"ami": OTHER}, resources={**leave(3), **record()}, alive=[OLD], images=images, seen=seen)
    assert ATTACHMENT not in [one.type for one in seen]
    assert "mount" not in [one[0] for one in machines.done]


@pytest.mark.parametrize("alive", [[], ["i-00000000000000001"]], ids=["lost", "left by an update that failed"])
def test_a_vm_that_is_gone_is_not_asked(root: Path, monkeypatch: pytest.MonkeyPatch, alive: list[str]) -> None:
    machines = Machines(monkeypatch)
    failed = leave(4, "i-00000000000000001", filled=False, ami=OTHER) if alive else {}
    make(root, {"ami": OTHER}, resources={**leave(3), **record(), **failed}, alive=alive)
    assert [one[0] for one in machines.done] == ["mount"]


def test_the_one_that_an_update_that_failed_left_with_the_disk_is_asked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = Machines(monkeypatch)
    failed = leave(4, "i-00000000000000001", filled=False, ami=OTHER)
    alive = [OLD, "i-00000000000000001"]
    make(root, {"ami": OTHER}, resources={**leave(3), **record(), **failed}, alive=alive)
    assert [one[:2] for one in machines.done] == [
        ("stop", f"ssh://portico@{OLD}:22"),
        ("give back", OLD),
        ("mount", "host-eu-central-1-vm-4-instance-id"),
    ]


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"zone": "eu-central-1b"}, "aws.zone: eu-central-1b is not where the disk of data is, vol-0123456789abcdef0"),
        ({"region": "eu-west-1"}, "aws.region: eu-west-1 is not where the disk of data is, vol-0123456789abcdef0"),
        ({"dataDisk": "9G"}, "aws.dataDisk: 9G is less than the disk of data has, 10G, and a disk only grows"),
    ],
)
def test_where_it_cannot_follow_nothing_is_made(root: Path, section: Mapping[str, Any], said: str) -> None:
    seen: list[Resource] = []
    with pytest.raises(pulumi.RunError) as caught:
        make(root, section, resources={**leave(3), **record()}, alive=[OLD], seen=seen)
    assert str(caught.value).startswith(said) and "nothing was changed" in str(caught.value)
    assert {one.type for one in seen} <= {"portico:index:AwsHost", "pulumi:providers:aws"}


def test_a_database_of_another_version_on_it_is_refused(root: Path) -> None:
    disk = RecordedDisk(id="vol-1", zone="eu-central-1a", size=10, tags={"Data/db": "other postgres-17", "Name": "x"})
    assert list_folders(disk.tags) == [("db", "other"), ("db", "postgres-17")]
    for version in ("17", "18"):
        values: dict[str, Any] = {"services": [{"name": "db", "kind": "postgres", "version": version}]}
        values |= {"target": "aws", "address": "0.0.0.0", "port": 80}
        settings = read_settings(root, make_site(), **values, aws=make_section())
        if version == "17":
            require_fit(disk, settings, disk.zone)
            continue
        with pytest.raises(pulumi.RunError, match='write version: "17"'):
            require_fit(disk, settings, disk.zone)


def test_a_preview_says_what_becomes_of_it_and_touches_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = Machines(monkeypatch)
    reported: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_, **__: reported.append(text))
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    known = {**leave(3), **record()}
    make(root)
    make(root, resources=known, alive=[OLD])
    make(root, {"dataDisk": "20G"}, resources=known, alive=[OLD])
    make(root, {"ami": OTHER}, resources=known, alive=[OLD])
    assert machines.done == []
    disk = [text for text in reported if "disk" in text]
    assert len(disk) == 3
    assert disk[0].startswith("VM: a disk of its own is made for data, of 10 GiB, encrypted")
    assert disk[1] == "VM: its disk of data grows from 10 to 20 GiB, while it is used."
    assert "the containers of shop end what they do and stop" in disk[2] and "nobody can read or write" in disk[2]


def test_whose_data_is_on_it_is_added_to_and_nothing_is_forgotten() -> None:
    before = {"Data/shop": "media", "Data/gone": "old", "Name": "x"}
    assert list_stored([("shop", "store"), ("shop", "media"), ("blog", "a")], before) == {
        "Data/blog": "a",
        "Data/gone": "old",
        "Data/shop": "media store",
    }
