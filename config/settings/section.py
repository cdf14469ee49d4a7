"""The base of every settings section."""

from collections.abc import Iterator
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from portico.config.mistake import Mistake, join_path
from portico.config.settings.check import Check

T = TypeVar("T")


def _refuse_empty(value: T) -> T:
    # Looked at after the entries are: a list of entries that are all wrong is not empty.
    if value == ():
        raise PydanticCustomError("empty", "the list is empty; write at least one entry")
    return value


Filled = Annotated[T, Check(_refuse_empty, {"minItems": 1})]


class Section(BaseModel):
    """A frozen part of the settings; a key it does not know is a mistake, not a wish."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        validate_default=True,
    )

    def tell_clashes(self) -> Iterator[str]:
        """What is wrong between values of the section that are right by themselves: all of it, a sentence each.

        A validator of pydantic's would end at the first, and be silent where any other value does not fit.
        """
        return iter(())


def list_clashes(section: Section, path: tuple[str | int, ...] = ()) -> Iterator[Mistake]:
    """Those of a section and of all that it holds, with their places in the settings."""
    yield from (Mistake(join_path(path), text) for text in section.tell_clashes())
    for name, field in type(section).model_fields.items():
        value, place = getattr(section, name), (*path, field.alias or name)
        if isinstance(value, Section):
            yield from list_clashes(value, place)
        elif isinstance(value, tuple):
            for index, one in enumerate(value):
                if isinstance(one, Section):
                    yield from list_clashes(one, (*place, index))
