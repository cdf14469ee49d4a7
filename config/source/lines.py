"""The lines of files of requirements, with those that they include, as pip reads them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from optparse import OptionParser, Values
from pathlib import Path
from typing import NoReturn

from portico.config.source.place import Place
from portico.config.source.text import read_text

# More files in files, each counted as often as it is included, are a mistake: two that include two more double them.
_MOST = 100
# Letters of a line: to split it into words takes time by the square of a word's length.
_LONGEST = 64_000
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_SCHEME = re.compile(r"^(http|https|file):", re.IGNORECASE)
# pip's options of a file, by what they become in the one that is installed from.
_TEXTS = (
    *(("-i", "--index-url", "--pypi-url"), ("--extra-index-url",), ("-f", "--find-links"), ("--no-binary",)),
    *(("--only-binary",), ("--trusted-host",), ("--use-feature",)),
)
_FLAGS = ("--no-index", "--prefer-binary", "--require-hashes", "--pre")
_OF_ONE = (("--hash",), ("--global-option",), ("-C", "--config-settings", "--config-setting"))


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line: a requirement (`text`, and the options that are its own) or options alone (`text` is empty)."""

    path: Path
    number: int
    text: str = ""
    editable: bool = False
    constraint: bool = False
    options: tuple[tuple[str, str], ...] = ()


class _Unreadable(Exception):
    """What optparse says of a line."""


class _Parser(OptionParser):
    def error(self, msg: str) -> NoReturn:
        raise _Unreadable(msg)


def read_lines(
    place: Place,
    path: Path,
    *,
    constraint: bool = False,
    _above: tuple[Path, ...] = (),
    _read: list[Path] | None = None,
) -> Iterator[Line]:
    """The lines of the file at `path`, those of included files in their place; what pip would not read is noted."""
    _read = [] if _read is None else _read
    _read.append(path)
    if len(_read) > _MOST:
        if len(_read) == _MOST + 1:
            place.refuse(path, f"it would be file {_MOST + 1} that is included, each time counted; write fewer -r")
        return
    if path.resolve() in _above:
        place.refuse(path, "it includes itself; remove one of the lines -r or -c")
        return
    if (text := read_text(place, path, declared=True)) is None:
        return
    for number, line in split_lines(text):
        if len(line) > _LONGEST:
            place.refuse(path, f"it is longer than {_LONGEST} letters, with what continues it; write less", number)
            continue
        for name in list_variables(line):
            if name in place.variables:
                continue
            said = f"it names ${{{name}}}, which the build does not have; write buildSecrets: [{name}] and set"
            place.refuse(path, f"{said} that secret of the site", number)
        try:
            asked, options = _parse(line)
        except (_Unreadable, ValueError) as error:
            place.refuse(path, f"pip does not read {line[:80]!r}: {error}; fix the line", number)
            continue
        included = [(one, constraint) for one in options.requirements or ()]
        included += [(one, True) for one in options.constraints or ()]
        if not asked and not options.editables and included:
            yield from _include(place, path, number, *included[0], (*_above, path.resolve()), _read)
            continue
        kept = [(one[-1], value) for one in _TEXTS for value in getattr(options, _name(one)) or ()]
        kept += [(flag, "") for flag in _FLAGS if getattr(options, _name((flag,)))]
        own = [(_long(one), value) for one in _OF_ONE for value in getattr(options, _name(one)) or ()]
        editable = not asked and bool(options.editables)
        asked = options.editables[0] if editable else asked.strip()
        yield Line(
            path=path,
            number=number,
            text=asked,
            editable=editable,
            constraint=constraint,
            options=tuple(([] if editable else own) if asked else kept),
        )


def list_variables(text: str) -> list[str]:
    """The names of the variables that pip would put in, as in ${TOKEN}."""
    return list(dict.fromkeys(_VARIABLE.findall(text)))


def split_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers: continued ones are one, comments and empty lines are left out."""
    first, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.lstrip().startswith("#")
        first = first or number
        # pip: a comment ends what was continued, and does not go on itself.
        parts.append(f" {line}" if comment else line)
        if not comment and line.endswith("\\"):
            parts[-1] = line.strip("\\")
            continue
        if whole := _without_comment("".join(parts)).strip():
            yield first, whole
        first, parts = 0, []
    if whole := _without_comment("".join(parts)).strip():
        yield first, whole


def _without_comment(line: str) -> str:
    """What stands before a `#` that begins the line or follows a space."""
    place = line.find("#")
    while place > 0 and not line[place - 1].isspace():
        place = line.find("#", place + 1)
    return line if place < 0 else line[:place]


def _include(
    place: Place,
    path: Path,
    number: int,
    named: str,
    constraint: bool,
    above: tuple[Path, ...],
    read: list[Path],
) -> Iterator[Line]:
    if _SCHEME.match(named):
        # Read by pip, from where it lies.
        option = "--constraint" if constraint else "--requirement"
        yield Line(path=path, number=number, constraint=constraint, options=((option, named),))
        return
    target = path.parent / named
    if not target.is_file():
        place.refuse(
            path, f"it includes {named}, and there is no such file beside it; write its path from here", number
        )
        return
    yield from read_lines(place, target, constraint=constraint, _above=above, _read=read)


def _parse(line: str) -> tuple[str, Values]:
    # Only options are split as a shell does: a requirement may hold quotes of its own.
    words = line.split(" ")
    count = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    options, _ = _make_parser().parse_args(shlex.split(" ".join(words[count:])))
    return " ".join(words[:count]), options


@cache
def _make_parser() -> _Parser:
    parser = _Parser(add_help_option=False)
    parser.add_option("-r", "--requirement", action="append", dest="requirements")
    parser.add_option("-c", "--constraint", action="append", dest="constraints")
    parser.add_option("-e", "--editable", action="append", dest="editables")
    for names in (*_TEXTS, *_OF_ONE):
        parser.add_option(*names, action="append", dest=_name(names))
    for flag in _FLAGS:
        parser.add_option(flag, action="store_true", dest=_name((flag,)))
    return parser


def _long(names: tuple[str, ...]) -> str:
    return next(name for name in names if name.startswith("--"))


def _name(names: tuple[str, ...]) -> str:
    return _long(names).strip("-").replace("-", "_")
