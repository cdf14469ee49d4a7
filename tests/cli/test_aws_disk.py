"""`portico down` on AWS: the disk of data stays, is named, and goes only where all of it is meant."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from portico.cli.commands import down
from portico.cli.data import Folder
from portico.cli.prepare import Place

DISK = "vol-0123456789abcdef0"
STACK = """config:
  portico:target: aws
  portico:aws: {region: eu-central-1}
"""


class Aws:
    """An `aws` that knows one disk, with these sites' data; `calls` are the words it was called with."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, stored: dict[str, str]) -> None:
        self._folder = folder
        tags = {"Name": "portico-prod-data", **{f"Data/{site}": names for site, names in stored.items()}}
        volume = {"VolumeId": DISK, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        (folder / "reported").write_text(json.dumps({"Volumes": [volume] if stored else []}))
        self.script(f"[ $2 = delete-volume ] || cat {folder}/reported")
        patch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def script(self, body: str) -> None:
        (self._folder / "aws").write_text(f'#!/bin/sh\necho "$*" >>{self._folder}/calls\n{body}\n')
        (self._folder / "aws").chmod(0o755)

    @property
    def calls(self) -> list[str]:
        return (self._folder / "calls").read_text().splitlines()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (tmp_path / "Pulumi.yaml").write_text("name: portico\nruntime: python\n")
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK)
    found = Place(tmp_path, "prod")
    made: dict[str, Any] = {
        "prepare": lambda _: found,
        "exists": lambda *_: True,
        "is_protected": lambda _: False,
        "find_services": lambda _: [],
        "settle": lambda *_: None,
        "_remove": lambda *_: None,
    }
    for name, one in made.items():
        monkeypatch.setattr(f"portico.cli.commands.down.{name}", one)
    return found


def test_the_disk_is_found_by_its_tags_and_kept(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(place.root, monkeypatch, {"shop": "media store"})
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes"])
    assert result.exit_code == 0, result.output
    assert f"Kept: shop: data media, volume {DISK}" in result.output
    assert aws.calls == [
        "ec2 describe-volumes --region eu-central-1 --filters Name=tag:Project,Values=portico "
        "Name=tag:Stack,Values=prod Name=tag:Name,Values=portico-prod-data --output json"
    ]


def test_it_is_deleted_where_its_only_site_is_named(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(place.root, monkeypatch, {"shop": "media store"})
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", "--data", "shop"])
    assert result.exit_code == 0, result.output
    assert aws.calls[1:] == [f"ec2 delete-volume --region eu-central-1 --volume-id {DISK}"]
    assert result.output.count("Deleted: ") == 2


def test_the_data_of_another_site_on_it_keeps_it(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(place.root, monkeypatch, {"shop": "media", "blog": "posts"})
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", "--data", "shop"])
    assert result.exit_code == 1
    assert f"on AWS all data of a stack lies together, on {DISK}, with that of blog." in result.output
    assert f"aws ec2 delete-volume --volume-id {DISK} --region eu-central-1" in result.output
    assert len(aws.calls) == 1


def test_an_aws_that_does_not_answer_is_reported_where_data_is_to_go(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = Aws(place.root, monkeypatch, {"shop": "media"})
    aws.script("echo 'Unable to locate credentials' >&2; exit 253")
    assert CliRunner().invoke(down.command, ["-s", "prod", "--yes"]).exit_code == 0
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", "--data", "shop"])
    assert result.exit_code == 1 and "Unable to locate credentials" in result.output


def test_on_ecs_it_is_a_file_system(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.root / "Pulumi.prod.yaml").write_text(STACK.replace("aws", "ecs"))
    aws = Aws(place.root, monkeypatch, {"shop": "media"})
    reported = {"FileSystems": [{"FileSystemId": "fs-0123", "Tags": [{"Key": "Data/shop", "Value": "media"}]}]}
    (place.root / "reported").write_text(json.dumps(reported))
    aws.script(f"[ $2 = delete-file-system ] || cat {place.root}/reported")
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", "--data", "shop"])
    assert "Deleted: shop: data media, volume fs-0123." in result.output
    assert aws.calls == [
        "efs describe-file-systems --region eu-central-1 --creation-token portico-prod-data --output json",
        "efs delete-file-system --region eu-central-1 --file-system-id fs-0123",
    ]


def test_elsewhere_aws_is_not_asked(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(place.root, monkeypatch, {"shop": "media"})
    (place.root / "Pulumi.prod.yaml").write_text("config:\n  portico:target: ssh\n")
    monkeypatch.setattr("portico.cli.commands.down.find_kept", lambda *_, **__: ([Folder("a", "b", "c")], []))
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes"])
    assert "Kept: a: data b, volume c" in result.output
    with pytest.raises(FileNotFoundError):
        assert aws.calls
