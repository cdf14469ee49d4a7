"""The whole program with a site that is pinned to an earlier release."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import set_all_config

from tests.components.recorder import CONTAINER, IMAGE, Recorder, run
from tests.program.stackfile import ROOT, merge_values, run_program, spell_config


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the program and of its examples, on an engine that cannot be asked for its images."""
    shutil.copy(ROOT / "__main__.py", tmp_path)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr("portico.components.docker.image_tags.list_tags", lambda _: None)
    return tmp_path


def deploy(home: Path, previous: Mapping[str, Any], **changes: Any) -> Recorder:
    def build() -> None:
        set_all_config(spell_config(merge_values("dev") | changes))
        run_program(home)

    return run(build, "dev", previous=previous)


def images(made: Recorder) -> dict[str, bool]:
    """hello's images by digest, and whether they may be built."""
    found = {one.name.removeprefix("hello-image-"): "build" in one.inputs for one in made.of_type(IMAGE)}
    return {name: built for name, built in found.items() if len(name) == 12}


def test_a_pinned_site_is_what_it_was_and_everything_else_is_new(home: Path) -> None:
    first = deploy(home, {})
    module = home / "examples" / "hello" / "hello.py"
    good = module.read_text()
    module.write_text(f"{good}\n# second\n")
    second = deploy(home, first.exports)
    old, new = (made.exports["releases"]["hello"] for made in (first, second))
    assert [one["release"] for one in second.exports["history"]["hello"]] == [new, old]
    assert sorted(images(second).values()) == [False, True]

    module.write_text("def (:\n")
    pinned = deploy(home, second.exports, rollback={"hello": old})
    assert pinned.exports["releases"]["hello"] == old and pinned.exports["pinned"] == {"hello": old}
    assert pinned.exports["history"] == second.exports["history"] and pinned.exports["tree"] == first.exports["tree"]
    assert images(pinned) == dict.fromkeys(images(second), False)
    for name in ("hello-gunicorn-0", "hello-files"):
        assert pinned.container(name).inputs == first.container(name).inputs
    for one in pinned.of_type(CONTAINER):
        if one.name.startswith("httpbin"):
            assert one.inputs == second.container(one.name).inputs

    module.write_text(f"{good}\n# second\n")
    resumed = deploy(home, pinned.exports)
    assert resumed.exports == second.exports


def test_images_of_releases_that_are_not_kept_any_more_are_not_registered(home: Path) -> None:
    module = home / "examples" / "hello" / "hello.py"
    good = module.read_text()
    previous: Mapping[str, Any] = {}
    for number in range(3):
        module.write_text(f"{good}\n# {number}\n")
        made = deploy(home, previous, keepReleases=2)
        previous = made.exports
    assert len(previous["history"]["hello"]) == 2
    assert set(images(made)) == {one["image"] for one in previous["history"]["hello"]}
