"""A command as settings hold it: one text, split into words as a shell would, and run without one."""

import re
import shlex
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text

# What a shell does with a command before it runs it. Without one, the program would be handed these as they stand.
_BUILTINS: Final = ("cd", "source", ".", "export", "exec", "eval", "set", "unset", "ulimit", "umask", "trap", "alias")
_ASSIGNED: Final = re.compile(r"[A-Za-z_]\w*=\S*")
# Outside of quotes, and, of what begins with $ or a backtick, inside of double ones too.
_SHELL: Final = re.compile(r"\d*>&\d*|\d*>>?|&&|\|\||[|&;<*]|(?<!\S)~\S*")
_EXPANDED: Final = re.compile(r"\$(?:\w+|[{(@*#?!$-])|`")
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
    if found := _find_shell(value, words):
        raise PydanticCustomError(
            "command",
            "{value} holds {found}, which only a shell understands, and none is there; write sh -c '...' around it, or "
            "quotes around what is meant as it stands",
            {"value": show_text(value), "found": found},
        )
    return value


def _find_shell(value: str, words: list[str]) -> str | None:
    """The first thing in a command that a shell would not hand on as it stands; None where there is none."""
    bare, doubled = _blank_quoted(value, "'\""), _blank_quoted(value, "'")
    if found := _SHELL.search(bare) or _EXPANDED.search(doubled):
        return found[0]
    first = bare.split()[0]
    if _ASSIGNED.fullmatch(first):
        return first.partition("=")[0] + "="
    return words[0] if words[0] in _BUILTINS else None


def _blank_quoted(value: str, quotes: str) -> str:
    """The same with a letter in place of each that stands between these quotes, or behind a backslash."""
    made, inside, escaped = [], "", False
    for one in value:
        if escaped:
            made.append("x")
            escaped = False
        elif one == "\\" and inside != "'":
            made.append("x")
            escaped = True
        elif inside:
            made.append("x" if inside in quotes else one)
            inside = "" if one == inside else inside
        else:
            made.append("x" if one in "'\"" else one)
            inside = one if one in "'\"" else ""
    return "".join(made)


Command = Annotated[str, AfterValidator(_check_command)]
