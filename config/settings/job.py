"""A command that runs at times of its own."""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field, field_validator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text
from portico.config.settings.command import Command
from portico.config.settings.quantity import Duration, Size
from portico.config.settings.section import Section
from portico.config.settings.text import grammar

_HINT = "write minute, hour, day, month and weekday, such as 30 3 * * * for 3:30 each night"
# Such as London, New_York and Etc/GMT+1.
_ZONE = r"[A-Za-z][A-Za-z0-9_+-]{0,30}(/[A-Za-z0-9_+-]{1,30}){0,2}"


def check_cron(value: str) -> str:
    """Refuse a cron expression that means no time."""
    try:
        # Of six fields the first would be seconds, which nobody means.
        if len(value.split()) != 5:
            raise CronSimError("it has not five fields")
        next(CronSim(value, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, AssertionError, ValueError) as error:
        why = str(error)[:1].lower() + str(error)[1:] or "bad field"
        raise PydanticCustomError(
            "cron",
            "{value} is not a cron expression ({why}); {hint}",
            {"value": show_text(value), "why": why, "hint": _HINT},
        ) from None
    except StopIteration:
        raise PydanticCustomError(
            "cron", "{value} is a time that never comes; {hint}", {"value": show_text(value), "hint": _HINT}
        ) from None
    return value


Cron = Annotated[str, grammar("a cron expression", r"[0-9A-Za-z*/,#-]+( [0-9A-Za-z*/,#-]+){4}", _HINT)]
JobName = Annotated[
    str,
    grammar(
        "the name of a job",
        r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?",
        "write 1 to 32 lower-case letters, digits and dashes, starting with a letter, such as nightly",
    ),
]
Zone = Annotated[str, grammar("a time zone", _ZONE, "write one such as UTC or Europe/Berlin")]


class Job(Section):
    """A command that runs at times of its own, in the image of the live release."""

    name: JobName = Field(examples=["nightly"], description="Its name, in records and logs.")
    cron: Annotated[Cron, AfterValidator(check_cron)] = Field(
        examples=["30 3 * * *"], description="When it runs: minute, hour, day of the month, month and weekday."
    )
    time_zone: Zone = Field(default="UTC", description="The time zone in which that is meant, such as Europe/Berlin.")
    command: Command = Field(
        examples=["flask tidy"], description="The command, split into words and run without a shell."
    )
    overlap: Literal["forbid", "allow", "replace"] = Field(
        default="forbid",
        description="What happens where the run before it still goes on: the new one is left out (`forbid`), runs "
        "beside it (`allow`), or ends it (`replace`).",
    )
    timeout: Duration = Field(
        default=Duration.parse("1h"),
        description="How long it may take; then it is ended. An update waits for as long, where one runs that began "
        "before it.",
    )
    memory: Size = Field(
        default=Size.parse("512M"),
        description="What it may need; the container in which the jobs of a site run has enough for all of them.",
    )

    @field_validator("time_zone")
    @classmethod
    def _know_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, LookupError):
            raise PydanticCustomError(
                "zone",
                "{value} is not a time zone; write one such as UTC or Europe/Berlin",
                {"value": show_text(value)},
            ) from None
        return value
