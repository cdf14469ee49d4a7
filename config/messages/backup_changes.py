"""What an update will do to backups, reported before it is done."""

from collections.abc import Mapping
from typing import Any

from portico.config.messages.change_summary import Change

# What makes them is asked for, in the user's words (config/backups.py).
_PARTS = {
    "url": "their place",
    "host": "whose they are",
    "options": "how their place is reached",
    "every": "their schedule",
    "keep": "how many are kept",
    "rate": "their bandwidth",
    "sources": "what is backed up",
}


def tell_backups(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, place: str) -> Change | None:
    """A sentence where they begin, change or end. Both are what config/backups.py asks for, None where there are none.

    `place` is the setting backups.to, as its user wrote it.
    """
    if after is None:
        ended = "no more are made; existing ones stay where they are, and are not pruned."
        return Change("update", "backups", ended) if before is not None else None
    sources = _list([one["name"] for one in after["sources"]])
    if before is None:
        return Change("first", "backups", f'begin: of {sources}, to {place}, at "{after["every"]}" (cron, in UTC).')
    changed = [name for name in _PARTS if before.get(name) != after.get(name)]
    if not changed:
        return None
    verb = "changes" if len(changed) == 1 else "change"
    said = f"{_list([_PARTS[name] for name in changed])} {verb}: another container makes them."
    return Change("update", "backups", said)


def _list(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
