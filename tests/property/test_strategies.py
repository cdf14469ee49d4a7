"""The strategies know every setting there is: a new one without a strategy fails here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo

from portico.config.settings import Settings
from portico.config.settings.section import Section
from tests.property.profile import gather
from tests.property.rendered import render
from tests.property.settings import FIELDS, fleets, stacks

# Where Docker runs: read below components/hosts/ alone, so nothing that is rendered depends on it.
HOSTS = {"ssh", "aws"}


def list_sections(model: type[Section]) -> Iterator[type[Section]]:
    yield model
    for field in _fields(model):
        for inner in _models(field.annotation):
            yield from list_sections(inner)


def _fields(model: type[Section]) -> list[FieldInfo]:
    return [field for field in model.model_fields.values() if model is not Settings or field.alias not in HOSTS]


def _models(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


SECTIONS = sorted(set(list_sections(Settings)), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_every_field_has_a_strategy(model: type[Section]) -> None:
    assert set(FIELDS[model]) == {field.alias for field in _fields(model)}


def test_no_other_sections_are_listed() -> None:
    assert set(FIELDS) == set(SECTIONS)


def test_every_setting_is_tried() -> None:
    """What the rules between settings take away again is not taken away always."""
    seen: set[tuple[str, str]] = set()

    def look(values: dict[str, Any]) -> None:
        seen.update(_list_set(Settings, values))

    gather(300, values=stacks())(look)()
    # One stack of six is on ECS, which is few for a section of so many settings: which ones 300 have is luck.
    gather(200, values=fleets())(look)()
    wanted = {(model.__name__, str(field.alias)) for model in SECTIONS for field in _fields(model)}
    assert wanted - seen == set()


def _list_set(model: type[Section], values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in model.model_fields.values():
        if field.alias not in values:
            continue
        yield model.__name__, str(field.alias)
        for inner in _models(field.annotation):
            value = values[field.alias]
            for one in value if isinstance(value, list) else [value]:
                yield from _list_set(inner, one)


def test_where_docker_runs_changes_no_file(root: Path) -> None:
    values = {"sites": [{"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"]}]}
    elsewhere = {"target": "ssh", "ssh": {"host": "vm.example", "user": "deploy"}}
    assert render(values | elsewhere, root).tree == render(values, root).tree
