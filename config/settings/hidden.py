"""Files of a folder of static files that are never published, whatever the folder holds."""

import re
from collections.abc import Collection
from typing import Annotated

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text

# What begins with a dot, backups, source, as patterns of a file's or folder's name in small letters; `*` is any text.
HIDDEN = (
    *(".*", "*~", "#*#", "*.bak", "*.old", "*.orig", "*.save", "*.copy", "*.swp", "*.swo", "*.tmp", "*.rej", "*.dist"),
    *("*.py", "*.pyc", "__pycache__", "*.php", "*.sql", "*.sqlite", "*.db", "*.pem", "*.key"),
)


def list_hidden(published: Collection[str]) -> list[str]:
    """The patterns but for those that a site publishes all the same."""
    return [pattern for pattern in HIDDEN if pattern not in published]


def spell_hidden(published: Collection[str]) -> str:
    """The same as a regular expression that the path of such a file matches; "" where nothing is hidden."""
    patterns = list_hidden(published)
    endings = [one.removeprefix("*.") for one in patterns if one.startswith("*.")]
    # Each begins where its pattern has its first letter: what stands before it, no search has to try twice.
    parts = [
        *(f"/{re.escape(one[:-1])}" for one in patterns if one.endswith("*") and not one.startswith("*")),
        *(f"{re.escape(one[1:])}(?:/|$)" for one in patterns if one.startswith("*") and not one.startswith("*.")),
        *(f"/{_spell(one)}(?:/|$)" for one in patterns if not one.startswith("*") and not one.endswith("*")),
        *([rf"\.(?:{'|'.join(endings)})(?:/|$)"] if endings else []),
    ]
    return "|".join(parts)


def _spell(pattern: str) -> str:
    return re.escape(pattern).replace(r"\*", "[^/]*")


def _check_hidden(value: str) -> str:
    if value not in HIDDEN:
        raise PydanticCustomError(
            "hidden",
            "{value} is not hidden; write one of {choice}, or leave it out",
            {"value": show_text(value), "choice": ", ".join(HIDDEN)},
        )
    return value


Hidden = Annotated[str, AfterValidator(_check_hidden)]
