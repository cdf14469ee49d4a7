"""The settings that a file of another tool becomes, and what of it was not taken over."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from portico.config.settings.command import Command
from portico.config.settings.environment import OwnVariable

_COMMAND: Final = TypeAdapter[str](Command)
_VARIABLE: Final = TypeAdapter[str](OwnVariable)
# Names of variables whose values must not be in a stack file, and addresses with a password.
_SECRET: Final = re.compile(r"SECRET|PASSW|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|_KEY$|_PASS$|_DSN$", re.IGNORECASE)
_WITH_PASSWORD: Final = re.compile(r"\w+://[^/@\s]*:[^/@\s]+@")
_UPGRADES: Final = re.compile(r"\b(flask\s+db\s+upgrade|alembic\s+.*upgrade|manage\.py\s+migrate)\b")
_SINGLE: Final = re.compile(r"\b(beat|clock|scheduler|cron)\b")


@dataclass
class Converted:
    """`site` are settings of the site besides those that `portico init` finds; `port` is NGINX's.

    `entry` is "" where the file names none. `source` is the application's folder, from the file. `secrets` are names
    that have to be set. `services` are settings of databases and caches. `left` says what was not taken over and why, a
    sentence each.
    """

    entry: str = ""
    source: str = ""
    port: int | None = None
    site: dict[str, Any] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    services: list[dict[str, str]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add_web(self, name: str, command: str) -> None:
        """The entry and Gunicorn's numbers of a command that starts Gunicorn; Portico starts it itself."""
        found = _read_gunicorn(command)
        if found is None:
            if command:
                self.left.append(f"{name}: `{command}` is not run: Portico starts Gunicorn itself, by entry")
            return
        self.entry, numbers, left = found
        if numbers:
            self.site["gunicorn"] = {**self.site.get("gunicorn", {}), **numbers}
        self.left += [f"{name}: `{option}` of gunicorn: Portico writes gunicorn.conf.py itself" for option in left]

    def add_release(self, name: str, command: str) -> None:
        """A command that runs once for each release."""
        if self._takes(name, command):
            self.site["release"] = {"command": command}

    def add_process(self, name: str, command: str) -> None:
        """A process beside the web: a worker, or what runs before a release."""
        if _UPGRADES.search(command) and "release" not in self.site:
            self.add_release(name, command)
            return
        if not self._takes(name, command):
            return
        worker: dict[str, Any] = {"name": spell_worker(name), "command": command}
        if _SINGLE.search(f"{name} {command}"):
            worker["single"] = True
        self.site.setdefault("workers", []).append(worker)

    def add_variables(self, name: str, variables: Mapping[str, str | None]) -> None:
        """Environment variables; those that look like secrets are named and never written."""
        for key, value in variables.items():
            if value is None or "$" in value:
                self.left.append(f"{name}: the variable {key} is set outside the file; write it to environment")
            elif _SECRET.search(key) or _WITH_PASSWORD.search(value):
                if key not in self.secrets:
                    self.secrets.append(key)
            elif why := _refuse(_VARIABLE, key):
                self.left.append(f"{name}: the variable {key}: {why}")
            else:
                self.site.setdefault("environment", {})[key] = value

    def _takes(self, name: str, command: str) -> bool:
        if why := _refuse(_COMMAND, command):
            self.left.append(f"{name}: {why}")
        return not why


def _refuse(kind: TypeAdapter[str], value: str) -> str:
    """Why a value is none of that kind, "" where it is one."""
    try:
        kind.validate_python(value)
    except ValidationError as error:
        return str(error.errors()[0]["msg"])
    return ""


def spell_worker(name: str) -> str:
    """A name that a worker can have, made of another one."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:32].strip("-") or "worker"
    plain = plain if plain[0].isalpha() else f"w-{plain}"[:32]
    return f"{plain}-worker" if plain in ("web", "release", "schedule") else plain


def _read_gunicorn(command: str) -> tuple[str, dict[str, Any], list[str]] | None:
    """The entry, the numbers that Portico has a setting for, and the other options; None where it is not Gunicorn."""
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    starts = next((index for index, word in enumerate(words) if word.rpartition("/")[2] == "gunicorn"), None)
    if starts is None:
        return None
    numbers, left, entry = dict[str, Any](), list[str](), ""
    rest = words[starts + 1 :]
    while rest:
        word, *rest = rest
        option, equals, value = word.partition("=")
        setting = _NUMBERS.get(option)
        if not word.startswith("-"):
            entry = word
            continue
        if not equals and option not in _FLAGS and rest:
            value, *rest = rest
        if setting and value.isdigit():
            numbers[setting] = f"{value}s" if setting == "timeout" else int(value)
        elif option not in _OWN:
            left.append(option)
    return (entry if ":" in entry or not entry else f"{entry}:application"), numbers, left


_NUMBERS: Final = {
    **dict.fromkeys(("-w", "--workers"), "workers"),
    "--threads": "threads",
    **dict.fromkeys(("-t", "--timeout"), "timeout"),
}
_FLAGS: Final = ("--preload", "--reload", "--daemon", "-D", "--capture-output", "--enable-stdio-inheritance", "--spew")
# Portico sets these itself, for the same purpose.
_OWN: Final = ("-b", "--bind", "--access-logfile", "--error-logfile", "--log-file", "--log-level", "--capture-output")
