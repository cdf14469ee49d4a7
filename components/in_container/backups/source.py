"""What is backed up, by kind."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from portico.components.in_container.backups.tree import FOLDER

POSTGRES: Final = "postgres"
VALKEY: Final = "valkey"


@dataclass(frozen=True)
class Source:
    """One thing that is backed up, by its name, such as shop/instance; `place` is where it lies here.

    Of a server it is "service/database", or "service/valkey"; `spool` is what this has in common with what dumps it.
    """

    name: str
    kind: str
    place: Path
    spool: Path | None = None


def read_sources(told: list[dict[str, Any]], root: Path, servers: Path, spools: Path) -> list[Source]:
    """Those of the settings (config/backups.py): folders below `root`, data of servers below `servers`."""
    return [
        Source(one["name"], one["kind"], root / one["name"])
        if one["kind"] == FOLDER
        else Source(one["name"], one["kind"], servers / one["name"], spools / one["name"].split("/")[0])
        for one in told
    ]
