"""Dates without quotes in a stack's file, which Pulumi hands on in another form."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from portico.config.mistake import Mistake

# As Go prints a moment: 2026-01-01 becomes 2026-01-01 00:00:00 +0000 UTC.
_PRINTED: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [-+]\d{4} ([A-Z]{3,5}|[-+]\d{2,4})", re.ASCII)


def list_dates(values: Any, path: str = "") -> Iterator[Mistake]:
    """A mistake for each, by its path below the namespace."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from list_dates(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from list_dates(value, f"{path}[{index}]")
    elif isinstance(values, str) and _PRINTED.fullmatch(values):
        yield Mistake(path, f"is a date in YAML and would be read as {values}; put it in quotes as it was written")
