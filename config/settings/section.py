"""The base of every settings section."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

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
