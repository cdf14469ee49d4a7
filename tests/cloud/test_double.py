"""The double of the AWS plugin under the real engine: the order of a replacement, refusals, a machine that is lost."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.plugin.kinds import ASSOCIATION, INSTANCE
from tests.cloud.stack import Small
from tests.docker.engine import free_port

pytestmark = [pytest.mark.docker, pytest.mark.extended]

OLD, NEW = "ami-0123456789abcdef0", "ami-0fedcba9876543210"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Small]:
    with Small(tmp_path_factory.mktemp("small"), ami=OLD, port=free_port()) as small:
        small.up()
        yield small


def tell(lines: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(line["what"], line["name"]) for line in lines]


def test_a_new_image_gets_a_new_instance_and_the_address_before_the_old_one_goes(small: Small) -> None:
    before, known = small.outputs(), len(small.cloud.journal())
    preview = small.preview(ami=NEW).output
    assert "+-2 to replace" in preview
    small.up()
    done = small.cloud.journal()[known:]
    assert tell(done) == [
        ("create", "instance"),
        ("move", "address"),
        ("create", "association"),
        ("delete", "association"),
        ("delete", "instance"),
    ]
    after = small.outputs()
    assert done[1]["before"] == before["instance"] == done[-1]["id"]
    assert done[1]["after"] == after["instance"] == done[0]["id"]
    assert after["address"] == before["address"]
    assert [thing.id for thing in small.cloud.things(INSTANCE)] == [after["instance"]]


def test_nothing_to_do_changes_nothing(small: Small) -> None:
    known = small.cloud.journal()
    assert small.up().changes == 0
    assert small.cloud.journal() == known


def test_a_change_in_place_keeps_the_instance(small: Small) -> None:
    before, known = small.outputs(), len(small.cloud.journal())
    small.up(type="t4g.medium")
    (update,) = small.cloud.journal()[known:]
    assert (update["what"], update["name"], update["changes"]) == ("update", "instance", ["instanceType"])
    assert small.outputs() == before


def test_an_instance_that_is_gone_is_seen_by_a_refresh_and_made_again(small: Small) -> None:
    before, known = small.outputs(), len(small.cloud.journal())
    (small.cloud.folder / "paper" / before["instance"]).unlink()
    small.up("--refresh")
    assert ("create", "instance") in tell(small.cloud.journal()[known:])
    assert small.outputs()["instance"] != before["instance"]
    assert len(small.cloud.things(INSTANCE)) == len(small.cloud.things(ASSOCIATION)) == 1


def test_a_reference_to_nothing_fails_the_update_in_a_sentence(small: Small) -> None:
    failed = small.up(fails=True, vpc="vpc-00000000000000000")
    assert "vpcId: vpc-00000000000000000 does not exist" in failed.output
    small.up(vpc="")


def test_destroy_leaves_nothing(tmp_path: Path) -> None:
    with Small(tmp_path, ami=OLD, port=free_port()) as small:
        small.up()
        assert len(small.cloud.things()) == 7
        small.pulumi("destroy", "--stack", "test", "--yes", "--skip-preview")
        assert small.cloud.things() == []
