"""The first preview, when nothing exists yet: no repository, no network, no image."""

from pathlib import Path

import pytest

from tests.components.ecs.sample import deploy_both
from tests.components.recorder import IMAGE, SERVICE, Recorder
from tests.config.sample import SHOP, write_files


@pytest.fixture(scope="module")
def previewed(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root: Path = tmp_path_factory.mktemp("preview")
    write_files(root / "shop", SHOP)
    return deploy_both(root, answers={"preview": True})


def test_it_shows_all_that_an_update_makes(previewed: Recorder, made: Recorder) -> None:
    def names(recorder: Recorder) -> set[tuple[str, str]]:
        return {(one.type, one.name) for one in recorder.resources}

    assert names(previewed) == names(made)


def test_what_is_not_known_yet_is_left_open(previewed: Recorder) -> None:
    unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert {one.inputs["name"] for one in previewed.of_type(IMAGE)} == {unknown}
    for one in previewed.of_type(SERVICE):
        assert one.inputs["taskDefinition"] == unknown and one.inputs["desiredCount"] in (1, 2)
    for one in previewed.of_type("aws:ecs/taskDefinition:TaskDefinition"):
        assert one.inputs["containerDefinitions"] == unknown
