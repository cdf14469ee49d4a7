"""The strategies know every setting there is: a new one without a strategy fails here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic.fields import FieldInfo

from portico.config.settings import Settings
from portico.config.settings.section import Section
from tests.property.pool import list_stacks
from tests.property.profile import collect
from tests.property.rendered import render
from tests.property.settings import fleets, stacks
from tests.property.stack_fields import FIELDS

# Where Docker runs, read below components/hosts/ alone, and what copies data: nothing that is rendered depends on them.
HOSTS = {"ssh", "aws", "backups"}


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


@pytest.mark.extended
def test_every_setting_is_tried(root: Path) -> None:
    """What the rules between settings take away again is not taken away always."""
    seen: set[tuple[str, str]] = set()
    for stack in list_stacks(root):
        seen.update(_list_set(Settings, stack.values))
    wanted = {(model.__name__, str(field.alias)) for model in SECTIONS for field in _fields(model)}
    if wanted - seen:
        # Which ones so few have is luck.
        for values in (*collect(300, stacks()), *collect(200, fleets())):
            seen.update(_list_set(Settings, values))
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


def test_backups_change_no_file(root: Path) -> None:
    data = [{"name": "media", "path": "/srv/media"}]
    site = {"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"], "data": data}
    made = render({"sites": [site], "backups": {"to": "/srv/backups"}}, root)
    assert made.tree == render({"sites": [site]}, root).tree


def test_where_docker_runs_changes_no_file(root: Path) -> None:
    values = {"sites": [{"name": "hello", "source": "plain", "entry": "web:app", "hosts": ["hello.example"]}]}
    elsewhere = {"target": "ssh", "ssh": {"host": "vm.example", "user": "deploy"}}
    assert render(values | elsewhere, root).tree == render(values, root).tree
