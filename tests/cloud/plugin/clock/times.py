"""When a schedule is due, read from its expression as AWS writes them."""

import re
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim

_FIELDS = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")


def list_times(expression: str, zone: str, begin: datetime) -> Iterator[datetime]:
    """The times after `begin`. Raises ValueError for what AWS refuses."""
    found = _FIELDS.fullmatch(expression)
    if found is None or len(expression) > 256:
        raise ValueError(f"ValidationException: Invalid Schedule Expression {expression}.")
    minute, hour, day, month, weekday, year = found.groups()
    # One of the two says nothing, and that by its own sign.
    if (day == "?") == (weekday == "?") or "?" in (minute, hour, month, year) or year != "*":
        raise ValueError(f"ValidationException: Invalid Schedule Expression {expression}.")
    if re.search(r"[0-7]", weekday):
        raise ValueError("the double knows weekdays by their names alone, as AWS counts them otherwise than cron")
    words = [minute, hour, day.replace("?", "*"), month, weekday.replace("?", "*")]
    return iter(CronSim(" ".join(words), begin.astimezone(ZoneInfo(zone))))
