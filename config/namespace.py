"""Keys of a stack file that nobody reads, since they do not begin with `portico:`."""

import json
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from portico.config.mistake import Mistake
from portico.config.plan import NAMESPACE
from portico.config.settings import Settings
from portico.config.unknown_setting import CLOSE, list_settings

_BESIDE = ("secrets", "backupKey", "backupAccess", "eabKey", "dnsKey")  # stand beside the settings, and are none

_LACKING = "is required; write "


def list_misplaced(texts: Mapping[str, str], project: str) -> Iterator[Mistake]:
    """Settings of Portico that stand below another namespace, by their full keys in `texts`.

    What has no namespace in a stack file gets the project's name from Pulumi. In a project that is called `portico`
    such keys are read, so none is wrong there but a group of that name.
    """
    known = {*list_settings(Settings), *_BESIDE}
    for key in sorted(texts):
        space, _, name = key.partition(":")
        if name == NAMESPACE and space in (project, NAMESPACE):
            yield Mistake(name, f"is not a section; write each setting by itself, {_spell_inner(texts[key], known)}")
        elif space == NAMESPACE:
            continue
        elif space.lower() == NAMESPACE or (name in known and get_close_matches(space, [NAMESPACE], cutoff=CLOSE)):
            yield Mistake(key, f"is not used; write {NAMESPACE}:{name}")
        elif space == project and name in known:
            yield Mistake(name, f"is not used without its namespace; write {NAMESPACE}:{name}")


def _spell_inner(text: str, known: set[str]) -> str:
    """Settings of a group that was meant as a section, as they are to be written."""
    try:
        inside = json.loads(text)
    except (ValueError, RecursionError):
        inside = None
    names = [name for name in inside if name in known] if isinstance(inside, dict) else []
    return "such as " + " and ".join(f"{NAMESPACE}:{name}" for name in names or ["sites"])


def add_misplaced(misplaced: Iterable[Mistake], found: Iterable[Mistake]) -> list[Mistake]:
    """Both, without those of `found` that only say that nothing was written where a misplaced setting belongs."""
    first = [*misplaced]
    return [*first, *(one for one in found if not (first and "." not in one.path and one.text.startswith(_LACKING)))]
