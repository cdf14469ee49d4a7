"""What a lock pins, written so that pip installs exactly that."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from portico.config.source.collect import Collected
from portico.config.source.conditions import ALWAYS, NEVER, holds, write_marker
from portico.config.source.project import name_of

# What everybody's pip asks, or the mirror that it was given in its place.
PUBLIC = ("pypi.org", "files.pythonhosted.org")


@dataclass(frozen=True, kw_only=True)
class Pin:
    """One locked package: a version with the hashes of its files, or an address, for a commit without hashes."""

    name: str
    version: str = ""
    hashes: tuple[str, ...] = ()
    url: str = ""
    condition: int = ALWAYS


def add_pins(found: Collected, pins: Iterable[Pin]) -> None:
    """Take all pins: those with hashes are one list, which pip checks as a whole, the others another."""
    found.locked = True
    for pin in sorted(pins, key=lambda one: (one.name, one.version)):
        if pin.condition == NEVER:
            continue
        marker = write_marker(pin.condition)
        said = f"{pin.name} @ {pin.url}" if pin.url else f"{pin.name}=={pin.version}"
        said += f" ; {marker}" if marker else ""
        if pin.hashes:
            found.lines.append(" ".join([said, *(f"--hash={one}" for one in sorted(set(pin.hashes)))]))
        else:
            found.direct.append(said)
        if any(holds(pin.condition, minor) for minor in ("3.12", "3.13")):
            found.names.add(str(canonicalize_name(pin.name)))


def add_index(found: Collected, url: str, name: str = "") -> None:
    """Ask this index, too, unless it is everybody's; its user and password are secrets of the build, if it has any."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname or parts.hostname in PUBLIC:
        return
    plain = "".join(one if one.isalnum() else "_" for one in name).upper()
    for user, password in (
        (f"UV_INDEX_{plain}_USERNAME", f"UV_INDEX_{plain}_PASSWORD"),
        (f"POETRY_HTTP_BASIC_{plain}_USERNAME", f"POETRY_HTTP_BASIC_{plain}_PASSWORD"),
    ):
        if name and password in found.place.variables and "@" not in parts.netloc:
            who = f"${{{user}}}" if user in found.place.variables else "token"
            url = parts._replace(netloc=f"{who}:${{{password}}}@{parts.netloc}").geturl()
    line = f"--extra-index-url {url}"
    if line not in found.lines:
        found.lines.insert(0, line)


def check_fresh(
    found: Collected, lock: Path, tool: str, required: Iterable[Requirement], versions: Mapping[str, Any]
) -> None:
    """Note what is required and not locked so; `versions` are the lock's by name, None for what is no version."""
    for one in required:
        name = name_of(one)
        if name not in versions:
            found.place.refuse(lock, f"it lacks {one.name}, which pyproject.toml requires; run {tool}, then this again")
            continue
        fits = not one.specifier
        for text in versions[name]:
            try:
                fits = fits or text is None or one.specifier.contains(Version(text), prereleases=True)
            except InvalidVersion:
                fits = True
        if not fits:
            said = f"it holds {one.name} {', '.join(versions[name])}, and pyproject.toml requires {one.specifier}"
            found.place.refuse(lock, f"{said}; run {tool}, then this again")
