"""The volumes of data: made once, kept forever, mounted by all that a site has, and never taken from somebody else."""

import asyncio
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from portico.components.docker.data_volumes import DataVolumes, DataVolumesArgs
from portico.components.docker.engine_client import Engine
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.config.in_container import read_script
from tests.components.recorder import CONTAINER, NETWORK, VOLUME, Resource, run
from tests.components.sample import BLOG, deploy, make_stack
from tests.config.sample import make_site, read_settings

MEDIA = {"name": "media", "path": "/app/media", "url": "/media/"}
STORE = {"name": "store", "path": "/var/lib/shop"}
NAME = "portico.test.shop.store"
LABELS = {
    "portico.project": "portico",
    "portico.stack": "test",
    "portico.role": "data",
    "portico.site": "shop",
    "portico.data": "store",
}


@dataclass(frozen=True)
class Holding(Engine):
    """An engine with one volume, and the containers that use it: {name: its networks}."""

    labels: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def connect(self) -> Any:
        listed = [
            {"Names": [f"/{name}"], "NetworkSettings": {"Networks": dict.fromkeys(networks)}}
            for name, networks in self.users.items()
        ]
        volumes = {"Volumes": [{"Name": NAME, "Labels": self.labels}]}
        return SimpleNamespace(api=SimpleNamespace(volumes=lambda: volumes, containers=lambda filters: listed))


def test_each_is_a_volume_that_nothing_deletes(root: Path) -> None:
    made = deploy(root, make_site(data=[MEDIA, STORE]), BLOG, protect=True)
    volumes = [one for one in made.of_type(VOLUME) if one.labels["portico.role"] == "data"]
    assert [one.name for one in volumes] == ["shop-data-media", "shop-data-store"]
    assert [one.inputs["name"] for one in volumes] == ["portico.test.shop.media", NAME]
    assert all(one.retained for one in volumes) and volumes[1].labels == LABELS
    # A protected resource could not be taken out of the settings any more.
    assert not any(one.protect for one in volumes)
    assert not any(one.retained for one in made.resources if one not in volumes)


def test_all_that_a_site_has_mounts_it_and_no_other_site_does(root: Path) -> None:
    made = deploy(root, make_site(data=[MEDIA, STORE]), BLOG)
    for name in ("shop-gunicorn-0", "shop-gunicorn-1"):
        mounts = made.container(name).mounts
        assert (
            mounts["/app/media"] == "shop-data-media-0123456" and mounts["/var/lib/shop"] == "shop-data-store-0123456"
        )
    assert made.container("shop-files").mounts["/srv/portico/store"] == "shop-data-store-0123456"
    for name in ("blog-gunicorn-0", "blog-files"):
        assert "data" not in "".join(made.container(name).mounts.values())


def test_nginx_reads_what_has_a_url(root: Path) -> None:
    made = deploy(root, make_site(data=[MEDIA, STORE]), BLOG)
    mounts = made.container("portico-nginx-server").mounts
    assert mounts["/srv/data/shop/media"] == "ro:shop-data-media-0123456" and "/srv/data/shop/store" not in mounts
    without = deploy(root, make_site(data=[STORE]), BLOG)
    plain = deploy(root, make_site(), BLOG)
    assert without.container("portico-nginx-server").mounts == plain.container("portico-nginx-server").mounts


@dataclass
class Moving:
    """A disk of data that comes once the images are there, and takes a while."""

    seen: list[Resource]
    folder: str = "/mnt/data"
    early: list[str] = field(default_factory=list)
    asked: list[tuple[list[str], list[str]]] = field(default_factory=list)

    def prepare(self, images: Sequence[pulumi.Output[str]], folders: Sequence[str]) -> pulumi.Output[str]:
        async def come() -> str:
            self.asked.append(([str(await one.future()) for one in images], list(folders)))
            await asyncio.sleep(0.5)
            self.early.extend(one.name for one in self.seen if one.type == CONTAINER)
            return self.folder

        return pulumi.Output.from_input(come())


def test_on_a_disk_of_its_own_it_is_waited_for_by_all_that_mount_it(root: Path) -> None:
    seen: list[Resource] = []
    disk = Moving(seen)
    stack = make_stack(root, make_site(data=[MEDIA, STORE]), BLOG)

    def build() -> None:
        Portico("portico", PorticoArgs(stack=stack, root=root, disk=disk, place="-vm-2"))

    made = run(build, seen=seen)
    volume = made.find(VOLUME, "shop-data-store-vm-2")
    assert volume.inputs["name"] == NAME and volume.retained
    assert volume.inputs["driverOpts"] == {"type": "none", "o": "bind", "device": f"/mnt/data/{NAME}"}
    ((images, folders),) = disk.asked
    assert len(images) == 2 and all(one.startswith("sha256:") for one in images)
    assert folders == ["portico.test.shop.media", NAME]
    # What has none of it goes on meanwhile.
    assert {"blog-vm-2-files", "blog-gunicorn-vm-2-0"} <= set(disk.early)
    assert not {"shop-vm-2-files", "shop-gunicorn-vm-2-0", "portico-nginx-server"} & set(disk.early)
    assert made.container("shop-vm-2-files").mounts["/srv/portico/store"]


def make(root: Path, engine: Engine, resources: Mapping[str, Any] | None = None) -> None:
    def build() -> None:
        args = DataVolumesArgs(
            settings=read_settings(root, make_site(data=[STORE])), engine=engine, resources=resources or {}
        )
        DataVolumes(args, pulumi.ResourceOptions())

    run(build)


def test_what_down_has_left_is_taken_over(root: Path) -> None:
    make(root, Holding(labels=LABELS))


def test_the_stacks_own_containers_may_use_it(root: Path) -> None:
    """Those of its record, and what is in its network: a command of `portico exec` is in no record."""
    known = {
        "urn::shop-gunicorn-0": {"type": CONTAINER, "outputs": {"name": "shop-gunicorn-0-abc"}},
        "urn::portico-network-bridge": {"type": NETWORK, "outputs": {"name": "bridge-abc"}},
    }
    users = {"shop-gunicorn-0-abc": ("gone",), "shop-exec-1": ("bridge-abc",)}
    make(root, Holding(labels=LABELS, users=users), known)


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        (
            Holding(labels=LABELS, users={"shop-gunicorn-0-def": ("bridge-def",)}),
            f"the volume {NAME} is in use by shop-gunicorn-0-def, which this stack's record does not know",
        ),
        (
            Holding(labels={**LABELS, "portico.stack": "other"}),
            f"there is a volume {NAME} already, and its labels say that it is not this site's",
        ),
        (Holding(), f"there is a volume {NAME} already"),
    ],
)
def test_somebody_elses_is_refused(root: Path, engine: Engine, said: str) -> None:
    with pytest.raises(pulumi.RunError) as caught:
        make(root, engine)
    lines = str(caught.value).splitlines()
    assert "nothing was changed" in lines[0] and lines[1].startswith(f"  sites[0].data[0]: {said}")


@pytest.mark.parametrize("path", ["app.py", "app.py/below"])
def test_a_file_of_the_image_is_no_folder(tmp_path: Path, path: str) -> None:
    """Docker's words for it, in the middle of an update, would be no help."""
    (tmp_path / "app.py").touch()
    (tmp_path / "volume").mkdir()
    words = ["1", "1", "54321", "4", "5", "6", "7", f"{tmp_path}/volume={tmp_path}/{path}"]
    done = subprocess.run(
        [sys.executable, "-c", read_script("data.py"), *words], cwd="/usr", capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"data at {tmp_path}/{path}: {tmp_path}/app.py is a file of the image; write the path of a folder"
    )
