"""How an application gets its secrets."""

import re
from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

from portico.config.mistake import show_text
from portico.config.settings.environment import is_reserved
from portico.config.settings.text import Variable

Way = Literal["files", "environment"]
_WAYS = ("files", "environment")


def _read(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    ways = value.values() if isinstance(value, dict) else [value]
    if wrong := [way for way in ways if not isinstance(way, str) or way not in _WAYS]:
        reported = show_text(wrong[0]) if isinstance(wrong[0], str | None) else "what stands there"
        raise PydanticCustomError(
            "secrets",
            "{value} does not fit; write files, environment, or pairs such as DATABASE_URL: environment",
            {"value": reported},
        )
    for name in value if isinstance(value, dict) else ():
        if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,127}", name):
            raise PydanticCustomError(
                "secrets",
                "{value} is not a secret's name; write letters, digits and underscores",
                {"value": show_text(name)},
            )
        if value[name] == "environment" and is_reserved(name):
            raise PydanticCustomError(
                "secrets",
                "{name} changes how a process starts, so no secret can be a variable of that name; give it another one",
                {"name": name},
            )
    return value


SecretsAs = Annotated[Way | dict[Variable, Way], WrapValidator(_read)]


def list_variables(
    chosen: Way | dict[str, Way], secrets: Collection[str], given: Collection[str] = ()
) -> tuple[str, ...]:
    """Those of a site's `secrets`, by name, that its processes have as environment variables too; sorted.

    Those that services have `given` are variables, but where they are chosen by name to be files.
    """
    by_name: dict[str, Way] = dict(chosen) if isinstance(chosen, dict) else dict.fromkeys(secrets, chosen)
    for name in given:
        if not isinstance(chosen, dict) or name not in chosen:
            by_name[name] = "environment"
    return tuple(sorted(name for name in secrets if by_name.get(name) == "environment"))
