"""A key that no setting has: what its author may have meant."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

# How alike two words are of which one is the other, misspelt: `path` is none of `health`, nor `volumes` of `routes`.
CLOSE: Final = 0.75
# A key that stands in more places says nothing about where it belongs.
_MOST: Final = 3

_PATH = "the path below which an application is, is path: /shop"
_DATA = "a folder that outlives releases is data: a list of name and path"
_COMMAND = "Portico starts Gunicorn itself, by entry and gunicorn; other commands are release, workers and schedule"
_BUILD = "the image is built from source; a Dockerfile in it is used by itself"
_SECRETS = "secrets are not in sites; write pulumi config set --secret --path portico:secrets.SITE.NAME"
# What is asked of a site by the words of other tools, in small letters.
_WISHES: Final = {
    **dict.fromkeys(("prefix", "urlprefix", "rootpath", "basepath", "subpath", "scriptname"), _PATH),
    **dict.fromkeys(("volume", "volumes", "mount", "mounts", "storage"), _DATA),
    **dict.fromkeys(("command", "cmd", "start", "entrypoint"), _COMMAND),
    **dict.fromkeys(("image", "build", "dockerfile"), _BUILD),
    **dict.fromkeys(("secret", "secrets"), _SECRETS),
    **dict.fromkeys(("env", "envs", "variables"), "variables are environment: name: text pairs"),
    **dict.fromkeys(("domain", "domains", "hostname", "hostnames", "servername"), "host names are hosts: a list"),
    **dict.fromkeys(("cron", "crons", "jobs"), "commands that run at times of their own are schedule"),
    **dict.fromkeys(("migrate", "migration", "migrations"), "a command that runs before a release is release.command"),
    **dict.fromkeys(
        ("port", "ports", "expose"), "NGINX's port is portico:port, beside sites; Portico sets Gunicorn's port"
    ),
    **dict.fromkeys(("ssl", "https"), "HTTPS is tls, beside sites"),
    **dict.fromkeys(("envfile", "env_file"), "variables are environment: name: text pairs; no file is read"),
    "restart": "containers that end are restarted anyway; remove it",
    "timeout": "the longest time of a request is gunicorn.timeout, and that of a path routes[].timeout",
}
# Settings that had another name in an earlier version, by their path.
RENAMED: Final[dict[tuple[str, ...], str]] = {("nginx", "patience"): "clientTimeout"}


def suggest(model: type[BaseModel], loc: Sequence[str | int]) -> str:
    """What to write instead of the unknown key at the end of `loc`, a place in a `model`."""
    key, known = str(loc[-1]), list_settings(find_model(model, loc[:-1]))
    if len(loc) == 3 and loc[0] == "sites" and (wish := _WISHES.get(key.lower())):
        return wish
    if len(loc) == 1 and key.lower() in ("ssl", "https"):
        return "HTTPS is tls"
    if now := RENAMED.get(tuple(map(str, loc))):
        return f"it was renamed; write {now}"
    if close := get_close_matches(key, known, n=1, cutoff=CLOSE):
        return f"did you mean {close[0]}?"
    elsewhere = [place for place in _list_places(model) if place.rpartition(".")[2] == key]
    if 1 <= len(elsewhere) <= _MOST:
        site = f"sites[{loc[1]}]" if loc[0] == "sites" and len(loc) > 1 else "sites[]"
        places = [one.replace("sites[]", site) if "." in one else f"portico:{one}, beside sites" for one in elsewhere]
        return f"it is in the wrong place; write it as {' or '.join(places)}"
    return f"the settings here are {', '.join(known)}"


def find_model(model: type[BaseModel], loc: Iterable[str | int]) -> type[BaseModel]:
    """The section that lies at `loc` of a `model`, as far as that leads."""
    for part in loc:
        for name, field in model.model_fields.items():
            if part in (name, field.alias) and (inner := _list_models(field.annotation)):
                model = inner[0]
    return model


def spell_pairs(model: type[BaseModel]) -> str:
    """A section as it may stand in a stack file: with what is required, or else its first setting."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    required = {key: field for key, field in fields.items() if field.is_required()}
    spelled = {key: _spell_example(field) for key, field in (required or fields).items()}
    if not required:
        # Any one shows what it looks like.
        key = next((key for key, text in spelled.items() if text != "…"), next(iter(spelled)))
        spelled = {key: spelled[key]}
    return "{" + ", ".join(f"{key}: {text}" for key, text in spelled.items()) + "}"


def _spell_example(field: FieldInfo) -> str:
    value = field.examples[0] if field.examples else field.default
    if isinstance(value, bool):
        return str(value).lower()
    return "…" if value is PydanticUndefined or value is None else str(value)


def list_settings(model: type[BaseModel]) -> list[str]:
    """The keys of a section, as in a stack file."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _list_places(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every setting below `model` by its path: `sites[].gunicorn.threads`."""
    for name, field in model.model_fields.items():
        place = f"{above}{field.alias or name}"
        yield place
        for inner in _list_models(field.annotation)[:1]:
            yield from _list_places(inner, f"{place}{'[]' if _is_list(field.annotation) else ''}.")


def _list_models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for inner in get_args(annotation) for found in _list_models(inner)]


def _is_list(annotation: Any) -> bool:
    return get_origin(annotation) is tuple or any(_is_list(inner) for inner in get_args(annotation))
