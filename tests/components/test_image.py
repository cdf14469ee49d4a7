"""Images of earlier releases: which stay, under what name, and what is said of those that are gone."""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.image_tags import list_tags
from portico.components.docker.images import name_image
from portico.config.release.history import Record
from tests.components.recorder import IMAGE, run
from tests.components.sample import deploy, make_stack

OLD = Record(release="a" * 12, image="1" * 12, at="2026-01-01T00:00:00Z", site="{}", static="")
OLDER = Record(release="b" * 12, image="2" * 12, at="2025-01-01T00:00:00Z", site="{}", static="")
ON_ENGINE = [f"portico/test/shop:{record.image}" for record in (OLD, OLDER)]


@pytest.mark.parametrize(
    ("stack", "start"),
    [
        ("dev", "portico/dev/shop:"),
        ("test-1-ab", "portico/test-1-ab/shop:"),
        ("Dev", "portico/dev-"),
        ("a..b", "portico/a-b-"),
        ("_", "portico/"),
    ],
)
def test_the_stack_is_in_the_name(stack: str, start: str) -> None:
    names: list[str] = []
    run(lambda: names.append(name_image("shop", "1" * 12)), stack)
    assert names[0].startswith(start) and names[0].endswith("/shop:111111111111")
    # What Docker takes as a part of a name.
    assert all(part and not part.startswith("-") and part == part.lower() for part in names[0].split("/"))


def test_stacks_whose_names_look_alike_share_no_name() -> None:
    names: list[str] = []
    for stack in ("a-b", "a.b", "A-b", "a--b"):
        run(lambda: names.append(name_image("shop", "1" * 12)), stack)
    assert len(set(names)) == 4


def digests(root: Path, **more: Any) -> list[str]:
    """The earlier images that are registered, and the history that the stack keeps."""
    now = make_stack(root).releases[0].image
    made = deploy(root, history={"shop": (OLD, OLDER)}, **more)
    kept = [record["image"] for record in made.registered_outputs("Portico")["history"]["shop"]]
    found = [image.name.rpartition("-")[2] for image in made.of_type(IMAGE) if image.name.startswith("shop-image-")]
    assert sorted(kept) == sorted(digest for digest in found if digest != now)
    return kept


@pytest.mark.parametrize("images", [ON_ENGINE, None], ids=["all are there", "nobody could be asked"])
def test_every_kept_release_keeps_its_image(root: Path, images: list[str] | None) -> None:
    assert digests(root, images=images) == [OLD.image, OLDER.image]


def test_a_release_whose_image_is_gone_is_forgotten(root: Path) -> None:
    assert digests(root, images=ON_ENGINE[1:]) == [OLDER.image]


def test_a_live_release_is_never_forgotten(root: Path) -> None:
    release = make_stack(root).releases[0]
    record = Record(release=release.id, image=release.image, at=OLD.at, site="{}", static="")
    made = deploy(root, history={"shop": (record,)}, images=[])
    assert [one["release"] for one in made.registered_outputs("Portico")["history"]["shop"]] == [release.id]


def test_a_site_pinned_at_a_release_whose_image_is_gone_is_refused(root: Path) -> None:
    seen: list[Any] = []
    with pytest.raises(pulumi.RunError) as caught:
        deploy(root, history={"shop": (OLD, OLDER)}, pinned={"shop": OLD.release}, images=ON_ENGINE[1:], seen=seen)
    assert str(caught.value) == (
        f"rollback.shop: the image of release {OLD.release} is not on this Docker engine any more; nothing was "
        f"changed. To fix it, write one of {OLDER.release}, or remove the line: make resume SITE=shop"
    )
    assert [one.type for one in seen] == ["portico:index:Portico"]


def test_a_pinned_site_needs_no_context_and_says_that_it_is_pinned(root: Path) -> None:
    release = make_stack(root).releases[0]
    record = Record(release=release.id, image=release.image, at=OLD.at, site="{}", static="")
    made = deploy(root, history={"shop": (record,)}, pinned={"shop": release.id})
    assert not (root / ".portico" / "contexts").exists()
    assert made.registered_outputs("Portico")["pinned"] == {"shop": release.id}


def test_an_engine_that_does_not_answer_has_said_nothing() -> None:
    assert list_tags(Engine("unix:///nowhere/docker.sock")) is None
