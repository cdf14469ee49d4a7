"""What is written in the settings and does not do what it says: a sentence each, and refused nowhere."""

import re
import shlex
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Final

from portico.config.printable import spell_printable
from portico.config.settings import Settings, Site
from portico.config.settings.command import split_command

# What a shell puts a value for: of names without braces those that a shell or Portico sets, since a `$` may be meant.
_BRACES: Final = re.compile(r"(?<!\$)\$\{([A-Z_][A-Z0-9_]*)(?::?[-=?+][^}]*)?\}")
_BARE: Final = re.compile(r"(?<!\$)\$([A-Z_][A-Z0-9_]*)(?![A-Za-z0-9_{])")
_SHELLS: Final = ("HOME", "USER", "PATH", "PWD", "HOSTNAME", "TMPDIR", "DATABASE_URL", "REDIS_URL")
# Endings of a database's file.
_DATABASES: Final = (".db", ".db3", ".sqlite", ".sqlite3")
# False for Flask, too.
_NO: Final = ("", "0", "false", "no")
_FLASK: Final = {
    "FLASK_APP": "is for `flask` commands, which follow `entry` by themselves, as Gunicorn does; remove it",
    "FLASK_ENV": "is read by no Flask since 2.3; remove it, and write a variable that the application asks for itself",
}
_RUN: Final = "is for `flask run`, and Gunicorn serves the site; remove it, and see gunicorn of this site"
_DEBUG: Final = (
    "turns on Flask's debug mode, in which an exception passes by the application's own error pages; remove it"
)
# What takes a command line, and where each keeps the same besides.
_OWN: Final = {
    "rq": "RQ_REDIS_URL",
    "rqworker": "RQ_REDIS_URL",
    "celery": "CELERY_BROKER_URL",
    "psql": "PGPASSWORD",
    "pg_dump": "PGPASSWORD",
    "redis-cli": "REDISCLI_AUTH",
    "valkey-cli": "REDISCLI_AUTH",
}
_VALUE: Final = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)|\$\(\s*(?:cat|<)\s*/run/secrets/([A-Za-z0-9_.-]+)")


def advise_site(place: str, site: Site, secrets: Collection[str]) -> Iterator[str]:
    """What does not do what it says in the settings of `site`, which stands at `place`; `secrets` are their names."""
    for name, text in site.environment.items():
        path = f"{place}.environment.{name}"
        if said := _tell_flask(name, text):
            yield f"{path}: {said}"
        if found := _find_unexpanded(text, {*_SHELLS, *site.environment, *secrets}):
            yield f"{path}: holds {found}, and nothing puts a value there; write the text itself"
    for index, data in enumerate(site.data):
        if (named := PurePosixPath(data.path)).suffix.lower() in _DATABASES:
            # With the folder above it where that is no folder of the source.
            above = named.parent if len(named.parts) > 3 else PurePosixPath("/app/instance")
            yield (
                f"{place}.data[{index}].path: {named} is named as a database's file, and it is a folder, which no "
                f"SQLite can open; write path: {above} for a file in it"
            )
    for path, command in _list_commands(site):
        if shown := _find_shown(command, secrets):
            name, program = shown
            hint = f"write sh -c '{_OWN[program]}=… exec {program} …'" if program in _OWN else "let the program read it"
            yield (
                f"{place}.{path}: puts the secret {name} on a command line, which every process of its machine may "
                f"read; {hint}, see docs/services.md"
            )


def advise_settings(settings: Settings, secrets: dict[str, Collection[str]]) -> Iterator[str]:
    """The same of all sites; `secrets` are the names of the secrets of each, by the name of the site."""
    for index, site in enumerate(settings.sites):
        yield from map(spell_printable, advise_site(f"sites[{index}]", site, secrets.get(site.name, ())))


def _tell_flask(name: str, text: str) -> str:
    if name == "FLASK_DEBUG":
        return "" if text.lower() in _NO else _DEBUG
    return _RUN if name.startswith("FLASK_RUN_") else _FLASK.get(name, "")


def _find_unexpanded(text: str, names: Collection[str]) -> str:
    """What of `text` a shell would put a value for, as it is written; "" where there is nothing."""
    if text == "~" or text.startswith("~/"):
        return "~"
    if found := _BRACES.search(text):
        return found[0]
    return next((found[0] for found in _BARE.finditer(text) if found[1] in names), "")


def _list_commands(site: Site) -> Iterator[tuple[str, str]]:
    """Each command of a site by its path."""
    if site.release:
        yield "release.command", site.release.command
    yield from ((f"workers[{index}].command", one.command) for index, one in enumerate(site.workers))
    yield from ((f"schedule[{index}].command", one.command) for index, one in enumerate(site.schedule))


def _find_shown(command: str, secrets: Collection[str]) -> tuple[str, str] | None:
    """A secret that a shell puts among the words of a program that it runs, and that program."""
    words = split_command(command)
    if len(words) < 3 or words[0].rpartition("/")[2] not in ("sh", "bash", "dash", "ash"):
        return None
    if not re.fullmatch("-[a-z]*c", words[1]):
        return None
    for part in re.split(r"&&|\|\||[;|\n]", words[2]):
        try:
            inner = shlex.split(part)
        except ValueError:
            inner = part.split()
        while inner and (inner[0] in ("exec", "env", "export") or re.match(r"[A-Za-z_]\w*=", inner[0])):
            inner = inner[1:]
        if inner and inner[0] in ("echo", "printf", "test", "["):
            # The shell's own: no process has such words.
            continue
        for word in inner[1:]:
            for found in _VALUE.finditer(word):
                if (name := found[1] or found[2]) in secrets:
                    return name, inner[0].rpartition("/")[2]
    return None
