"""What the client that orders certificates records and prints: for certificates.py."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

LIMITED = 86400  # seconds: the longest wait that an authority's own limit may ask for


def read_notes(file: Path) -> dict[str, dict[str, Any]]:
    """The record by site; {} where it cannot be read."""
    try:
        found: dict[str, dict[str, Any]] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return found


def count_until(moment: str) -> float:
    """Seconds until then; 0 for "", and for a time that is too far away: the clock was set back meanwhile."""
    wait = (datetime.fromisoformat(moment) - datetime.now(UTC)).total_seconds() if moment else 0.0
    return wait if wait < 2 * LIMITED else 0.0


def recall(known: dict[str, Any], names: list[str], server: str, dns: list[str]) -> dict[str, Any]:
    """What is known of a site. Of other names, or of another authority, nobody has tried anything yet.

    `dns` are those of its names that are proven by DNS-01.
    """
    same = known.get("server") == server
    if same and known.get("hosts") == names:
        return {**known, "dns": dns}
    orders = known.get("orders", []) if same else []
    new = {"hosts": names, "server": server, "failures": 0, "error": "", "later": "", "next": "", "dns": dns}
    return new | ({"orders": orders} if orders else {})


def spell(moment: datetime) -> str:
    """A time as people and programs read it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def say(*words: object) -> None:
    """A line of the container's log."""
    print(*words, flush=True)
