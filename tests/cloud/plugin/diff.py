"""What a change of the inputs means: nothing, an update, or another one in its place."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.cloud.plugin.kinds import KINDS


def list_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """The properties whose values differ, those of objects with a dot; what is not known yet differs."""
    return sorted(set(_compare("", old, new)))


def list_replacing(type: str, changes: list[str], new: Mapping[str, Any]) -> list[str]:
    """Those of the changes that only a new one can have."""
    replaces = KINDS[type].replaces
    if new.get("userDataReplaceOnChange"):
        replaces |= {"userData", "userDataBase64"}
    return [name for name in changes if name in replaces or name.partition(".")[0] in replaces]


def _compare(path: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    for name in old.keys() | new.keys():
        before, after = old.get(name), new.get(name)
        if name.startswith("__") or before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _compare(f"{path}{name}.", before, after)
        else:
            yield f"{path}{name}"
