"""The strategies know every setting there is: a new one without a strategy fails here."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest

from config.settings import Settings
from config.settings.section import Section
from tests.property.profile import gather
from tests.property.settings import FIELDS, stacks


def list_sections(model: type[Section]) -> Iterator[type[Section]]:
    yield model
    for field in model.model_fields.values():
        for inner in _models(field.annotation):
            yield from list_sections(inner)


def _models(annotation: Any) -> Iterator[type[Section]]:
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)


SECTIONS = sorted(set(list_sections(Settings)), key=lambda model: model.__name__)


@pytest.mark.parametrize("model", SECTIONS, ids=lambda model: model.__name__)
def test_every_field_has_a_strategy(model: type[Section]) -> None:
    assert set(FIELDS[model]) == {field.alias for field in model.model_fields.values()}


def test_no_other_sections_are_listed() -> None:
    assert set(FIELDS) == set(SECTIONS)


def test_every_setting_is_tried() -> None:
    """What the rules between settings take away again is not taken away always."""
    seen: set[tuple[str, str]] = set()

    @gather(300, values=stacks())
    def look(values: dict[str, Any]) -> None:
        seen.update(_list_set(Settings, values))

    look()
    wanted = {(model.__name__, str(field.alias)) for model in SECTIONS for field in model.model_fields.values()}
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
