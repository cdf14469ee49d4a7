"""Text files as pip, uv and Python's own parsers decode them; what they cannot read is a mistake, never empty."""

import codecs
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from portico.config.odd_letters import tell_odd
from portico.config.source.place import Place

# Longer files and numbers are nobody's; so is a name of so many parts, which TOML's reader takes its time for.
_MOST = 16 << 20
_NUMBER = re.compile("[0-9]{300}")
_PARTS = re.compile(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){100}")
# The longer ones first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def read_text(place: Place, path: Path, *, declared: bool = False) -> str | None:
    """The text of a file: UTF-8, or what its byte order mark says; None where it cannot be read, which is noted.

    With `declared` a comment in its first two lines may name another encoding, as in a file of requirements.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        place.refuse(path, f"it cannot be read ({error.strerror}); give yourself read permission")
        return None
    if len(content) > _MOST:
        place.refuse(path, f"it is longer than {_MOST >> 20} MB; write a shorter one")
        return None
    encoding = "utf-8"
    for mark, name in _MARKS:
        if content.startswith(mark):
            content, encoding = content[len(mark) :], name
            break
    else:
        if declared and (said := _find_declared(content)):
            encoding = said
    try:
        text = content.decode(encoding)
    except LookupError:
        place.refuse(path, f"its first lines name an encoding that Python does not know, {encoding}; save it as UTF-8")
        return None
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        shown = content[error.start : error.start + 1].hex()
        place.refuse(path, f"it is not {encoding.upper()} (byte 0x{shown}); save it as UTF-8", line)
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        place.refuse(path, "it holds NUL characters, as UTF-16 without a byte order mark does; save it as UTF-8", line)
        return None
    if number := _NUMBER.search(text):
        line = text.count("\n", 0, number.start()) + 1
        place.refuse(path, "it holds a number of more than 300 digits; write a shorter one", line)
        return None
    return text


def _find_declared(content: bytes) -> str | None:
    for line in content.split(b"\n")[:2]:
        if found := _DECLARED.match(line):
            return found[1].decode("ascii", "replace")
    return None


def read_toml(place: Place, path: Path) -> dict[str, Any] | None:
    """A TOML file's content; None where it cannot be read, which is noted with its line."""
    if (text := read_text(place, path)) is None:
        return None
    if name := _PARTS.search(text):
        line = text.count("\n", 0, name.end()) + 1
        place.refuse(path, "it holds a name of more than 100 parts; write fewer dots", line)
        return None
    try:
        # Windows' line ends are TOML's too; a mark of the byte order has gone.
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        where = re.search(r" \(at line (\d+), column \d+\)", said)
        line = int(where[1]) if where else text.count("\n") + 1
        odd = tell_odd(text.splitlines()[line - 1]) if where else ""
        place.refuse(path, f"it is not valid TOML: {odd or said.partition(' (at ')[0] + '; fix it'}", line)
    except RecursionError:
        place.refuse(path, "it is nested too deeply to be read; fix it")
    return None


def read_json(place: Place, path: Path) -> dict[str, Any] | None:
    """A JSON object; None where it cannot be read, which is noted with its line."""
    if (text := read_text(place, path)) is None:
        return None
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        place.refuse(path, f"it is not valid JSON: {error.msg}; fix it", error.lineno)
        return None
    except RecursionError:
        found = None
    if not isinstance(found, dict):
        place.refuse(path, "it holds no JSON object; let its tool write it again")
        return None
    return found


def take_table(place: Place, path: Path, values: dict[str, Any], *names: str) -> dict[str, Any]:
    """The table at `names`, empty where there is none; noted where something else stands there."""
    found: dict[str, Any] = values
    for depth, name in enumerate(names, 1):
        inner = found.get(name, {})
        if not isinstance(inner, dict):
            place.refuse(path, f"{'.'.join(names[:depth])} is not a table; write [{'.'.join(names[:depth])}]")
            return {}
        found = inner
    return found


def take_list(place: Place, path: Path, value: Any, name: str) -> list[str]:
    """A list of texts, empty where nothing stands there; noted where something else does."""
    if value is None:
        return []
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return value
    place.refuse(path, f'{name} is not a list of texts; write {name} = ["..."]')
    return []
