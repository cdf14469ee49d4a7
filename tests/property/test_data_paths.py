"""Where a folder of data may lie: wherever it hides nothing, and nothing hides it."""

from itertools import combinations
from pathlib import PurePosixPath
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from portico.config.settings.data import _OPEN, _TAKEN, Data
from portico.config.twins import list_twins
from tests.property.profile import holds_for

NAMES = st.sampled_from(["a", "b", "ab", "a.b", "shop", "x-1", "_", "lib", "tmp", "app"])
BELOW = st.lists(NAMES, max_size=3)


def is_refused(model: type[BaseModel], values: dict[str, Any]) -> bool:
    try:
        model.model_validate(values)
    except ValidationError:
        return True
    return False


def is_taken(path: str) -> bool:
    return is_refused(Data, {"name": "data", "path": path})


@holds_for(below=BELOW)
def test_a_folder_below_one_of_ones_own_is_free(below: list[str]) -> None:
    assert not is_taken("/".join(["/data", *below]))
    assert not is_taken("/".join(["/app", "x", *below]))


@holds_for(taken=st.sampled_from(sorted(_TAKEN)), below=BELOW)
def test_nothing_is_hidden_that_a_container_has(taken: str, below: list[str]) -> None:
    """Neither the place itself, nor a folder that it is in, nor one in it."""
    assert is_taken(taken) and all(is_taken(str(folder)) for folder in PurePosixPath(taken).parents)
    assert is_taken("/".join([taken, *below])) == (taken not in _OPEN or not below)


@holds_for(folders=st.lists(BELOW.map(lambda below: "/".join(["/data", *below])), min_size=1, max_size=3))
def test_folders_lie_beside_one_another(folders: list[str]) -> None:
    data = [{"name": f"data-{number}", "path": path} for number, path in enumerate(folders)]
    within = any(
        PurePosixPath(one).is_relative_to(other) or PurePosixPath(other).is_relative_to(one)
        for one, other in combinations(folders, 2)
    )
    assert bool([*list_twins({"sites": [{"name": "shop", "data": data}]})]) == within
