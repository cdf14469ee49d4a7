"""What else is wrong beside values that do not fit: it shows once those are left out, so nothing needs a second try."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from portico.config.mistake import Mistake, join_path
from portico.config.settings import Settings

Path = tuple[str | int, ...]

# What a site must have, in place of what does not fit; nothing is asked of them but that they are there.
_NEEDED: dict[str, Any] = {
    "name": "placeholder",
    "source": ".",
    "entry": "placeholder:app",
    "hosts": ["placeholder.example"],
}
# By these all else is judged.
_GROUNDS = ("target", "preset", "upstream", "sites")
# Each round leaves out what lacks something since the one before.
_ROUNDS = 6


def list_beside(
    values: Mapping[str, Any],
    error: ValidationError,
    read: Callable[[Any], Settings],
    check: Callable[[Settings], Iterable[Mistake]],
) -> list[Mistake]:
    """What `check` says where the values that `error` tells of are left out.

    `read` makes settings of values and raises ValidationError. Nothing is said that speaks of what was left out.
    """
    out: set[Path] = set()
    for _ in range(_ROUNDS):
        _, places = _leave_out(values, out)
        out |= {_find(values, _restore(line["loc"], places), line["type"]) for line in error.errors(include_url=False)}
        if any(len(path) < 2 and (not path or path[0] in _GROUNDS) for path in out):
            return []
        kept, places = _leave_out(values, out)
        try:
            settings = read(kept)
        except ValidationError as further:
            error = further
            continue
        return [one for one in _translate(check(settings), places) if not _speaks_of(one, out)]
    return []


def _find(values: Any, loc: Path, kind: str) -> Path:
    """The place of what is left out for one error: the value itself, or the group that lacks one.

    Of a list of the site, such as its routes, the whole entry goes: the rest of it may mean something else.
    """
    if kind == "missing" and len(loc) == 3 and loc[0] == "sites" and loc[2] in _NEEDED:
        return loc
    path: Path = ()
    for part in loc[:-1] if kind == "missing" else loc:
        inside = isinstance(values, Mapping) if isinstance(part, str) else isinstance(values, list | tuple)
        if not inside or (part not in values if isinstance(part, str) else part >= len(values)):
            break
        path, values = (*path, part), values[part]
    return path[:4] if path[:1] == ("sites",) and len(path) > 4 and isinstance(path[3], int) else path


def _leave_out(values: Any, out: set[Path], path: Path = ()) -> tuple[Any, dict[Path, list[int]]]:
    """The values without those, and of each list that lost entries the places of the others."""
    places: dict[Path, list[int]] = {}
    if isinstance(values, Mapping):
        made: dict[str, Any] = {}
        for key, value in values.items():
            if (*path, key) not in out:
                made[key], inner = _leave_out(value, out, (*path, key))
                places |= inner
        return (_NEEDED | made if len(path) == 2 and path[0] == "sites" else made), places
    if isinstance(values, list | tuple):
        stay = [index for index in range(len(values)) if (*path, index) not in out]
        places = {path: stay} if len(stay) < len(values) else {}
        entries = []
        for index in stay:
            entry, inner = _leave_out(values[index], out, (*path, index))
            entries.append(entry)
            places |= inner
        return entries, places
    return values, places


def _restore(loc: Path, places: Mapping[Path, list[int]]) -> Path:
    """The place in the values as they were written."""
    path: Path = ()
    for part in loc:
        stay = places.get(path)
        path = (*path, stay[part] if stay and isinstance(part, int) and part < len(stay) else part)
    return path


def _translate(found: Iterable[Mistake], places: Mapping[Path, list[int]]) -> Iterator[Mistake]:
    for one in found:
        parts = [int(part) if part.isdecimal() else part for part in re.findall(r"[^.\[\]]+", one.path)]
        if parts:
            yield Mistake(join_path(_restore(tuple(parts), places)), one.text)


def _speaks_of(one: Mistake, out: set[Path]) -> bool:
    """Whether it is about a value that was left out: then the value in its place is not the one that was meant."""
    for path in out:
        if path[0] == "services" and len(path) < 3 and one.path.endswith(".uses"):
            # It may name the service that was left out.
            return True
        site = join_path(path[:2]) if path[0] == "sites" else ""
        name = path[-1]
        if path[0] != "sites":
            # An entry of a list that was left out may leave an empty one.
            name = next((part for part in reversed(path) if isinstance(part, str)), name)
        elif path[2:3] == ("users",):
            # So may a user.
            name = "users"
        if not one.path.startswith(site) or not isinstance(name, str):
            continue
        if re.search(rf"\b{re.escape(name)}\b", f"{one.path.removeprefix(site)} {one.text}"):
            return True
    return False
