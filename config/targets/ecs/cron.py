"""A time of cron in the words of AWS's EventBridge Scheduler."""

from datetime import UTC, datetime
from typing import Final

from cronsim import CronSim

_DAYS: Final = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# By the field of cron: all its values.
_ALL: Final = {
    "minutes": range(60),
    "hours": range(24),
    "days": range(1, 32),
    "months": range(1, 13),
    "weekdays": range(7),
}
_LONGEST: Final = 256  # letters that AWS takes


def spell_cron(expression: str) -> str:
    """The schedule expression for a checked expression of cron, such as "cron(30 3 ? * MON *)".

    Each field is written out, since AWS counts weekdays and steps otherwise. Raises ValueError, which says why, for
    what AWS cannot do: a day of the month or a weekday is one condition too many there.
    """
    known = CronSim(expression, datetime(2026, 1, 1, tzinfo=UTC))
    fields = {name: set(getattr(known, name)) for name in _ALL}
    for name, values in fields.items():
        if not all(isinstance(value, int) for value in values) or not values <= {*_ALL[name], 7}:
            raise ValueError("AWS's scheduler has no word for the last or the n-th day; write numbers")
    # Sunday is 0, and 7 too.
    fields["weekdays"] = {value % 7 for value in fields["weekdays"]}
    day, weekday = (_is_limited(name, fields[name]) for name in ("days", "weekdays"))
    if day and weekday:
        raise ValueError("AWS's scheduler takes a day of the month or a weekday, not both; write two jobs")
    parts = [
        *(_spell(name, fields[name]) for name in ("minutes", "hours")),
        "?" if weekday else _spell("days", fields["days"]),
        _spell("months", fields["months"]),
        ",".join(_DAYS[value] for value in sorted(fields["weekdays"])) if weekday else "?",
        "*",
    ]
    reported = f"cron({' '.join(parts)})"
    if len(reported) > _LONGEST:
        raise ValueError(f"it is too long for AWS's scheduler, which takes {_LONGEST} letters; write two jobs")
    return reported


def _is_limited(name: str, values: set[int]) -> bool:
    return values != {*_ALL[name]}


def _spell(name: str, values: set[int]) -> str:
    return ",".join(map(str, sorted(values))) if _is_limited(name, values) else "*"
