"""What is made where backups are: a container that reads data and can write none, and its secrets apart."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.beside import announce_backups
from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from tests.components.recorder import CONTAINER, Recorder, Resource, list_texts, run
from tests.components.sample import BLOG, WithImages, make_stack
from tests.config.sample import SHOP, make_site, write_files

KEY = "0123456789abcdef0123456789abcdef"
DATA = [{"name": "instance", "path": "/app/instance"}, {"name": "media", "path": "/app/media", "url": "/media/"}]
SITES = (make_site(data=DATA), BLOG)
IMAGE, VOLUME = "docker:index/remoteImage:RemoteImage", "docker:index/volume:Volume"


def make(root: Path, backups: dict[str, Any] | None, files: dict[str, str] | None = None) -> Recorder:
    def build() -> None:
        stack = make_stack(root, *SITES, **({"backups": backups} if backups else {}))
        stack = replace(stack, private=replace(stack.private, backups=files or {"key": KEY}))
        Portico("portico", PorticoArgs(stack=stack, root=root, engine=WithImages(images=None)))

    return run(build)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return make(root, {"to": "/srv/backups", "memory": "300M"})


@pytest.fixture
def maker(made: Recorder) -> Resource:
    return made.container("portico-backups-maker")


def test_nothing_of_it_is_made_without(root: Path) -> None:
    found = make(root, None)
    assert not [one for kind in (CONTAINER, VOLUME, IMAGE) for one in found.of_type(kind) if "backup" in one.name]


def test_it_reads_data_and_can_write_none(maker: Resource) -> None:
    data = {path: how for path, how in maker.mounts.items() if path.startswith("/data/")}
    assert set(data) == {"/data/shop/instance", "/data/shop/media"}
    assert all(how.startswith("ro:") for how in data.values())
    assert maker.mounts["/secrets"].startswith("ro:") and not maker.mounts["/work"].startswith("ro:")


def test_it_has_no_way_to_the_engine_and_few_powers(maker: Resource) -> None:
    assert set(maker.mounts) == {"/data/shop/instance", "/data/shop/media", "/secrets", "/work", "/to"}
    assert "docker.sock" not in json.dumps(maker.inputs["volumes"])
    assert maker.inputs["capabilities"] == {
        "drops": ["ALL"],
        # By CAP_DAC_READ_SEARCH a file of the machine could be opened by its number.
        "adds": ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"],
    }
    assert maker.inputs["readOnly"] is True and maker.inputs["securityOpts"] == ["no-new-privileges:true"]
    assert maker.inputs["networkMode"] == "none" and not maker.inputs.get("ports")
    assert maker.inputs["memory"] == maker.inputs["memorySwap"] == 300


def test_it_gives_way_to_who_answers_requests(maker: Resource) -> None:
    assert maker.inputs["cpuShares"] < 1024
    (program,) = maker.inputs["entrypoints"]
    text = Path(__file__).parents[2].joinpath("components/in_container/backups", Path(program).name).read_text()
    assert "ionice -c 3 nice -n 15" in text


def test_there_are_never_two(maker: Resource) -> None:
    assert maker.delete_before_replace and maker.inputs["restart"] == "unless-stopped"


def test_its_secrets_travel_as_such_and_stand_in_no_container(made: Recorder, maker: Resource) -> None:
    key = made.container("portico-backups-key")
    (upload,) = key.inputs["uploads"]
    assert (upload["file"], upload["permissions"]) == ("/incoming/key", "0400")
    hidden = {text: secret for text, secret in list_texts(key.raw)}
    assert hidden[KEY]
    assert KEY not in {text for text, _ in list_texts(maker.raw)} and KEY not in json.dumps(maker.inputs)
    assert KEY not in json.dumps({name: one for name, one in key.inputs.items() if name != "uploads"})
    assert key.inputs["networkMode"] == "none" and key.inputs["mustRun"] is False


def test_a_place_elsewhere_needs_a_network_and_no_folder(root: Path) -> None:
    section = {"to": "s3://shop-backups", "region": "eu-central-1", "accessKey": "abc"}
    maker = make(root, section, {"key": KEY, "aws": "[default]"}).container("portico-backups-maker")
    assert "/to" not in maker.mounts and not maker.inputs.get("networkMode")
    assert [one["name"] for one in maker.inputs["networksAdvanced"]]


def test_its_image_is_named_by_its_content(made: Recorder) -> None:
    (image,) = (one for one in made.of_type(IMAGE) if "backup_maker" in one.inputs["name"])
    assert image.inputs["build"]["context"].startswith(".portico/contexts/backup_maker-")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)

    def build() -> None:
        services = [{"name": "db", "kind": "postgres"}, {"name": "cache", "kind": "valkey", "memory": "900M"}]
        unused = {"name": "later", "kind": "postgres"}
        site = make_site(uses=["db", "cache"])
        stack = make_stack(root, site, backups={"to": "/srv/backups"}, services=[*services, unused])
        stack = replace(stack, private=replace(stack.private, backups={"key": KEY}))
        Portico("portico", PorticoArgs(stack=stack, root=root, engine=WithImages(images=None)))

    return run(build)


def test_a_server_is_dumped_by_its_own_programs_and_by_nobody_with_a_way_out(served: Recorder) -> None:
    dumpers = {one.name: one for one in served.of_type(CONTAINER) if one.name.endswith("-dumper")}
    assert set(dumpers) == {"portico-backups-db-dumper", "portico-backups-cache-dumper"}
    for name, one in dumpers.items():
        service = name.split("-")[2]
        server = served.container(f"{service}-service-server")
        assert one.inputs["image"] == server.inputs["image"] and one.inputs["user"] == "999:999"
        assert one.inputs["networkMode"] == "none" and one.inputs["capabilities"] == {"drops": ["ALL"]}
        assert one.inputs["readOnly"] is True and one.inputs["securityOpts"] == ["no-new-privileges:true"]
        # It reads the data of its server, and writes what it has in common with what makes backups.
        (data,) = server.mounts
        assert one.mounts[data].startswith("ro:") and set(one.mounts) == {data, "/spool"}
        assert one.delete_before_replace, "two would answer one another's questions"
    # A copy of the cache fits.
    assert dumpers["portico-backups-cache-dumper"].inputs["memory"] == 900
    assert dumpers["portico-backups-db-dumper"].inputs["memory"] == 512


def test_what_makes_backups_writes_no_data_of_a_server(served: Recorder) -> None:
    maker = served.container("portico-backups-maker")
    assert set(maker.mounts) == {"/spool/db", "/spool/cache", "/servers/cache/valkey", "/secrets", "/work", "/to"}
    assert maker.mounts["/servers/cache/valkey"].startswith("ro:")
    assert maker.inputs["networkMode"] == "none"
    (reported,) = [line for line in maker.inputs["envs"] if line.startswith("PORTICO_BACKUPS=")]
    assert [one["name"] for one in json.loads(reported.partition("=")[2])["sources"]] == ["db/shop", "cache/valkey"]


def tell_change(
    root: Path, monkeypatch: pytest.MonkeyPatch, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> list[str]:
    """What a preview says of backups, with these settings of the last update and of this one."""
    said: list[str] = []
    # As Pulumi's record has the container that the last update made.
    urn = f"urn:pulumi:test::portico::{CONTAINER}::portico-backups-maker"
    resources = {urn: {"type": CONTAINER, "outputs": make(root, before).container(urn.rpartition(":")[2]).inputs}}
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_, **__: said.append(text))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)

    def build() -> None:
        settings = make_stack(root, *SITES, **({"backups": after} if after else {})).settings
        announce_backups("portico", settings, resources if before else {})

    run(build)
    return said


FOLDER = {"to": "/srv/backups", "every": "17 3 * * *"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FOLDER, FOLDER, []),
        (
            FOLDER,
            FOLDER | {"every": "18 3 * * *", "keep": {"daily": 9}},
            ["backups: their schedule and how many are kept change: another container makes them."],
        ),
        (
            FOLDER,
            {"to": "s3://shop-backups", "region": "eu-central-1", "accessKey": "abc", "every": "17 3 * * *"},
            ["backups: their place and how their place is reached change: another container makes them."],
        ),
        (
            FOLDER,
            None,
            ["backups: no more are made; existing ones stay where they are, and are not pruned."],
        ),
    ],
)
def test_a_preview_says_what_becomes_of_backups(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: dict[str, Any],
    after: dict[str, Any] | None,
    said: list[str],
) -> None:
    assert tell_change(root, monkeypatch, before, after) == said


def test_a_preview_says_that_backups_begin(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(pulumi.log, "info", lambda text, *_, **__: said.append(text))
    monkeypatch.setattr(pulumi.runtime, "is_dry_run", lambda: True)
    make(root, FOLDER)
    (line,) = [one for one in said if one.startswith("backups")]
    assert line == 'backups: begin: of shop/instance and shop/media, to /srv/backups, at "17 3 * * *" (cron, in UTC).'
