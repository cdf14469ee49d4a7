"""What lies on a machine that another may replace: it is another thing there, and nothing of it is known before."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.portico_args import PorticoArgs
from portico.components.docker.stack import Portico
from portico.config.release.history import Record
from tests.components.recorder import Recorder, run
from tests.components.sample import make_stack

OLD = Record(release="1" * 12, image="2" * 12, at="2026-01-01T00:00:00Z", site="{}", static="")


def deploy(
    root: Path, place: str, *, previous: dict[str, Any] | None = None, pinned: bool = False, **stack: Any
) -> Recorder:
    def build() -> None:
        made = replace(
            make_stack(root, **stack), history={"shop": (OLD,)}, pinned={"shop": OLD.release} if pinned else {}
        )
        args = PorticoArgs(stack=made, root=root, previous=previous or {}, place=place)
        Portico(f"portico{place}", args)

    return run(build)


def test_nothing_has_the_name_that_it_has_on_another_machine(root: Path) -> None:
    names = [
        {one.name for one in deploy(root, place, secrets={"shop": {"KEY": "x"}}).resources}
        for place in ("-vm-1", "-vm-2")
    ]
    assert len(names[0]) == len(names[1]) > 10 and not names[0] & names[1]


@pytest.mark.parametrize(("place", "protected"), [("", True), ("-vm-1", False)])
def test_what_goes_with_its_machine_is_not_protected_on_it(root: Path, place: str, protected: bool) -> None:
    made = deploy(root, place, protect=True)
    assert bool([one.name for one in made.resources if one.protect]) == protected


def test_a_machine_that_does_not_run_yet_has_no_image_to_go_back_to(root: Path) -> None:
    made = deploy(root, "-vm-2")
    assert not [one.name for one in made.resources if OLD.image in one.name]
    assert made.registered_outputs("Portico")["history"] == {"shop": []}


def test_a_site_that_is_pinned_there_is_refused(root: Path) -> None:
    with pytest.raises(pulumi.RunError, match=r"rollback\.shop: the image of release 1{12} is not on"):
        deploy(root, "-vm-2", pinned=True)


def test_everything_on_it_is_announced_as_new(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[str] = []
    monkeypatch.setattr("pulumi.log.info", lambda text, *_, **__: reported.append(text))
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    previous = {"releases": {"shop": "3" * 12}, "tree": "4" * 12, "images": {"shop": "5" * 12}, "edge": {"memory": 256}}
    deploy(root, "-vm-2", previous=previous)
    assert [text.partition(":")[0] for text in reported] == ["shop", "NGINX"]
    assert "added" in reported[0] and "starts" in reported[1]
