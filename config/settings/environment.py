"""The names of an application's environment variables, but for those that Portico sets itself."""

from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.settings.text import Variable

# Each site has a user of its own, whose only folder is that one.
_SET = {"HOME": "/tmp", "USER": "the site's name"}


def _refuse_reserved(name: str) -> str:
    if name.startswith("PORTICO_"):
        raise PydanticCustomError(
            "reserved", "{name} is Portico's own name; write one without PORTICO_", {"name": name}
        )
    if value := _SET.get(name):
        raise PydanticCustomError(
            "reserved",
            "{name} is set by Portico, to {value}; take it out, and write a variable that the application asks for "
            "itself",
            {"name": name, "value": value},
        )
    return name


OwnVariable = Annotated[Variable, AfterValidator(_refuse_reserved)]
