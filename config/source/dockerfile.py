"""A Dockerfile of the application's own: what of it is honoured, and what cannot be, said before anything is built.

Honoured: every instruction that makes the image, ENTRYPOINT in its list form (it is handed Gunicorn's command),
WORKDIR, ENV but for HOME and USER. Portico's own: the command, the user, the port, the health check. So CMD may only
start a server, and nothing may be kept in a VOLUME.
"""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from portico.config.source.place import Place
from portico.config.source.text import read_text

_SERVERS: Final = (
    *("gunicorn", "flask", "python", "python3", "uwsgi", "waitress-serve", "uvicorn", "hypercorn", "gevent"),
    *("granian", "daphne", "mod_wsgi-express"),
)
# What only starts another program, and takes the place of nothing.
_STARTERS: Final = ("tini", "dumb-init", "env", "exec", "poetry", "uv", "pipenv", "pdm", "run", "-s", "-g", "--", "-m")
# Letters of a command that are split into words.
_LONGEST: Final = 10_000
_WRITABLE: Final = ("/tmp", "/run/secrets")
_HEREDOC = re.compile(r"<<-?([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1")


@dataclass(frozen=True)
class Instruction:
    """One instruction: its name in upper case, what stands behind it, and its line."""

    name: str
    value: str
    line: int


@dataclass(frozen=True, kw_only=True)
class Dockerfile:
    """What follows from a Dockerfile: its text, the words before Gunicorn's, and the variables that it sets."""

    text: str
    entrypoint: tuple[str, ...] = ()
    variables: frozenset[str] = frozenset()


def read_dockerfile(place: Place) -> Dockerfile | None:
    """Read the source's own Dockerfile; None where there is none, or it cannot be used, which is noted."""
    file = place.source / "Dockerfile"
    if not file.is_file() or (text := read_text(place, file)) is None:
        return None
    # Docker reads Windows' line ends, too, and a shell in the image would not.
    text = "\n".join(text.splitlines())
    found = _list_last(list(list_instructions(text)))
    if not found:
        place.refuse(file, "it holds no FROM; write one, or remove the file")
        return None
    for one in found:
        if one.name == "VOLUME":
            _check_volume(place, file, one)
    entry = _find(found, "ENTRYPOINT")
    words = _read_entrypoint(place, file, entry) if entry else ()
    # Behind a server it holds that one's options.
    served = entry is not None and "gunicorn" in entry.value
    if not served and (command := _find(found, "CMD")):
        _check_command(place, file, command)
    variables = {name for one in found if one.name == "ENV" for name in _list_variables(one.value)}
    return Dockerfile(text=text.rstrip(), entrypoint=words, variables=frozenset(variables))


def list_instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile, continued lines joined, as BuildKit reads them."""
    lines = text.splitlines()
    escape = "\\"
    for line in lines:
        directive = re.fullmatch(r"#\s*([A-Za-z]+)\s*=\s*(.+?)\s*", line)
        if not directive:
            break
        if directive[1].lower() == "escape":
            escape = directive[2]
    index, waiting, first = 0, "", 0
    while index < len(lines):
        line = lines[index]
        index += 1
        if line.lstrip().startswith("#") or (waiting and not line.strip()):
            continue
        first = first if waiting else index
        stripped = line.rstrip()
        if stripped.endswith(escape):
            waiting += stripped[: -len(escape)] + " "
            continue
        whole, waiting = (waiting + line).strip(), ""
        if not whole:
            continue
        name, _, value = whole.partition(" ")
        if name.upper() in ("RUN", "COPY", "ADD"):
            for _, word in _HEREDOC.findall(value):
                # The lines of a here-document are no instructions.
                while index < len(lines) and lines[index].strip("\t") != word:
                    index += 1
                index += 1
        yield Instruction(name.upper(), value.strip(), first)


def _list_last(found: list[Instruction]) -> list[Instruction]:
    """What makes the last stage, those of the stages below it first; empty where there is no stage."""
    stages: list[tuple[str, str, list[Instruction]]] = []
    for one in found:
        if one.name == "FROM":
            words = [word for word in one.value.split() if not word.startswith("--")]
            name = words[2] if len(words) > 2 and words[1].upper() == "AS" else ""
            stages.append((name.lower(), words[0].lower() if words else "", [one]))
        elif stages:
            stages[-1][2].append(one)
    if not stages:
        return []
    chain, place = list[Instruction](), len(stages) - 1
    while place is not None:
        _, base, own = stages[place]
        chain = own + chain
        place = next((index for index in range(place) if stages[index][0] == base), None)  # type: ignore[assignment]
    return chain


def _find(found: list[Instruction], name: str) -> Instruction | None:
    """The last instruction of that name; an ENTRYPOINT takes the CMD of the stages below away, and so it is here."""
    return next((one for one in reversed(found) if one.name == name), None)


def _read_words(value: str) -> list[str] | None:
    """The words of an instruction in its list form; None in the form of a shell."""
    try:
        words = json.loads(value)
    except (ValueError, RecursionError):
        return None
    return words if isinstance(words, list) and all(isinstance(word, str) for word in words) else None


def _read_entrypoint(place: Place, file: Path, one: Instruction) -> tuple[str, ...]:
    words = _read_words(one.value)
    if words is None:
        said = "a shell would ignore the command that Portico passes"
        hint = 'write ENTRYPOINT ["./script"] and let the script end with exec "$@"'
        place.refuse(file, f"ENTRYPOINT {one.value[:60]} is in shell form, and {said}; {hint}", one.line)
        return ()
    server = next((word.rpartition("/")[2] for word in words if word not in _STARTERS), "")
    if server == "gunicorn":
        # It would be the command itself, which is Portico's.
        return tuple(words[: next(i for i, word in enumerate(words) if word.endswith("gunicorn"))])
    if server in _SERVERS:
        hint = 'write it as CMD, or ENTRYPOINT ["./script"] with a script that ends with exec "$@"'
        place.refuse(file, f"ENTRYPOINT starts {server}, and Portico starts Gunicorn in its place; {hint}", one.line)
        return ()
    if server in ("sh", "bash") and "-c" in words:
        place.refuse(
            file,
            f"ENTRYPOINT runs {server} -c, which ignores the command that Portico passes; "
            'put it into a script that ends with exec "$@"',
            one.line,
        )
        return ()
    script = words[0] if words else ""
    inner = place.source / script.rpartition("/")[2]
    if inner.is_file() and inner.suffix in (".sh", "") and (text := read_text(place, inner)) is not None:
        plain = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
        if not any('"$@"' in line or "$*" in line or "${@" in line for line in plain):
            said = f"ENTRYPOINT runs {inner.name}, which never runs its arguments"
            place.refuse(file, f'{said}; let it end with exec "$@", so that Gunicorn starts', one.line)
    return tuple(words)


def _check_command(place: Place, file: Path, one: Instruction) -> None:
    words = _read_words(one.value)
    shell = words is None
    if words is None:
        try:
            # It takes time by the square of a word's length.
            words = shlex.split(one.value[:_LONGEST])
        except ValueError:
            words = one.value.split()
    elif len(words) == 3 and words[0].rpartition("/")[2] in ("sh", "bash") and words[1] == "-c":
        shell, words = True, words[2].split()
    server = next((word.rpartition("/")[2] for word in words if word not in _STARTERS and "=" not in word), "")
    more = shell and any(mark in one.value for mark in ("&&", "||", ";", "|"))
    if server in _SERVERS and not more:
        return
    if not words:
        return
    said = f"CMD does more than start a server ({one.value[:60]}), and Portico starts Gunicorn itself"
    hint = 'put what comes first into a script, ENTRYPOINT ["./script"], that ends with exec "$@"'
    place.refuse(file, f"{said}; {hint}, or remove CMD", one.line)


def _check_volume(place: Place, file: Path, one: Instruction) -> None:
    for path in _read_words(one.value) or one.value.split():
        if not any(path == free or path.startswith(f"{free}/") for free in _WRITABLE):
            said = f"VOLUME {path} would be empty again in each new container, and nobody may write to it"
            place.refuse(file, f"{said}; remove it, and name the folder in data of this site if it must last", one.line)


def _list_variables(value: str) -> list[str]:
    found = re.findall(r"(?:^|\s)([A-Za-z_][A-Za-z0-9_]*)=", value)
    return found or value.split()[:1]
