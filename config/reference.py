"""The reference of the settings, written from the settings themselves."""

from collections.abc import Iterator
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.settings import Settings
from config.settings.quantity import Quantity

_HEAD = """# Settings

Every setting of a stack file (`Pulumi.<stack>.yaml`), below `config:` with the prefix `portico:`. Written by
`make docs` from `config/settings/`: change it there.

Sizes are a whole number and K, M or G, durations a whole number and ms, s, m or h. Keys not listed are refused.
"""

_TAIL = """
## Secrets

`portico:secrets` holds texts by site and name; set them encrypted. The application reads `/run/secrets/<NAME>`:

    pulumi config set --secret --path portico:secrets.shop.DATABASE_URL …
"""


def write_reference() -> str:
    """The reference as Markdown: a table of each section."""
    parts = [_HEAD, *_write_section("Stack", "`portico:…`", Settings)]
    return "\n".join(parts).rstrip() + "\n" + _TAIL


def _write_section(title: str, path: str, model: type[BaseModel]) -> Iterator[str]:
    yield f"## {title}\n\n{path}: {(model.__doc__ or '').strip().splitlines()[0]}\n"
    yield "| setting | value | default | what it does |\n|---|---|---|---|"
    inner: list[tuple[str, str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        key = field.alias or name
        if section := _section(field.annotation):
            many = get_origin(field.annotation) is tuple
            inner.append((section.__name__, f"{path.rstrip('…`')}{key}{'[]' if many else ''}.…`", section))
            value = (
                f"a list of [{section.__name__}](#{section.__name__.lower()})"
                if many
                else (f"[{section.__name__}](#{section.__name__.lower()})")
            )
        else:
            value = _spell(field.annotation, field)
        yield f"| `{key}` | {value} | {_default(field)} | {field.description} |"
    yield ""
    for heading, place, section in inner:
        yield from _write_section(heading, place, section)


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def _spell(annotation: Any, field: FieldInfo) -> str:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_spell(part, field) for part in get_args(annotation) if part is not type(None))
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if origin is tuple:
        return "a list of texts"
    if origin is dict:
        return "name: text pairs"
    if isinstance(annotation, type) and issubclass(annotation, Quantity):
        return annotation.kind
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{value.value}`" for value in annotation)
    if annotation is int:
        return "whole number" + _bounds(field)
    return {bool: "true or false", float: "number"}.get(annotation, "text")


def _bounds(field: FieldInfo) -> str:
    low = next((rule.ge for rule in field.metadata if hasattr(rule, "ge")), None)
    high = next((rule.le for rule in field.metadata if hasattr(rule, "le")), None)
    return f", {low} to {high}" if low is not None and high is not None else ""


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value is None or value == {} or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
