"""A command as settings hold it: one text, split into words as a shell would, and run without one."""

import shlex
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text

# Words that only a shell understands: as arguments they would be handed to the program.
_SHELL = ("|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1")
_LONGEST = 2000  # letters


def split_command(text: str) -> list[str]:
    """The words of a command that was checked."""
    return shlex.split(text)


def _check_command(value: str) -> str:
    if not value.isprintable() or len(value) > _LONGEST:
        raise PydanticCustomError(
            "command",
            "{value} is not a command; write one line of at most {most} printable letters, such as flask db upgrade",
            {"value": show_text(value), "most": _LONGEST},
        )
    try:
        words = shlex.split(value)
    except ValueError as error:
        raise PydanticCustomError(
            "command",
            "{value} cannot be split into words ({why}); close each quote that is opened",
            {"value": show_text(value), "why": str(error).lower()},
        ) from None
    if not words or not words[0]:
        raise PydanticCustomError("command", "the command is empty; write one such as flask db upgrade")
    if found := next((word for word in words if word in _SHELL), None):
        raise PydanticCustomError(
            "command",
            "{value} holds {found}, which only a shell understands, and none is there; write sh -c '...' around it",
            {"value": show_text(value), "found": found},
        )
    return value


Command = Annotated[str, AfterValidator(_check_command)]
