"""A JSON Schema of stack files, written from the settings themselves: editors complete and check by it."""

import inspect
import json
import re
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from portico.config.settings import Settings
from portico.config.settings.quantity import Quantity
from portico.config.settings.text import Address, NetworkRange

Schema = dict[str, Any]

_SECRET: Schema = {
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "properties": {"secure": {"type": "string"}},
            "required": ["secure"],
            "additionalProperties": False,
        },
    ],
    "description": "A secret; set it with: pulumi config set --secret --path portico:secrets.SITE.NAME",
}


def write_schema() -> str:
    """The schema as text."""
    return json.dumps(make_schema(), indent=2) + "\n"


def make_schema() -> Schema:
    """The schema (draft 2020-12) of a file Pulumi.<stack>.yaml."""
    sections: dict[str, Schema] = {}
    properties = {f"portico:{key}": _widen(one) for key, one in _list_settings(Settings, sections).items()}
    properties["portico:secrets"] = {
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": _SECRET},
        "description": "Texts by site and name, which the application reads from /run/secrets/NAME.",
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of Portico",
        "description": "Pulumi.<stack>.yaml: what differs from the defaults.",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "description": (Settings.__doc__ or "").splitlines()[0],
                "properties": properties,
                # Keys of other projects and providers are theirs to check.
                "patternProperties": {"^(?!portico:)": True},
                "additionalProperties": False,
            },
            "secretsprovider": {"type": "string", "description": "Who keeps the key of the secrets; Pulumi's own."},
            "encryptionsalt": {"type": "string", "description": "Proves the passphrase of the secrets; Pulumi's own."},
            "encryptedkey": {"type": "string", "description": "The locked key of the secrets; Pulumi's own."},
        },
        "$defs": dict(sorted(sections.items())),
    }


def _list_settings(model: type[BaseModel], sections: dict[str, Schema]) -> dict[str, Schema]:
    found = {}
    for name, field in model.model_fields.items():
        one = _describe(field.annotation, list(field.metadata), sections)
        # Beside a reference too: draft 2020-12 takes both.
        one["description"] = field.description or ""
        one |= _default(field)
        found[field.alias or name] = one
    return found


def _section(model: type[BaseModel], sections: dict[str, Schema]) -> Schema:
    if model.__name__ not in sections:
        sections[model.__name__] = {}
        sections[model.__name__] = {
            "type": "object",
            "description": (model.__doc__ or "").strip().splitlines()[0],
            "properties": _list_settings(model, sections),
            "additionalProperties": False,
        }
        if required := [field.alias or name for name, field in model.model_fields.items() if field.is_required()]:
            sections[model.__name__]["required"] = required
    return {"$ref": f"#/$defs/{model.__name__}"}


def _describe(annotation: Any, rules: list[Any], sections: dict[str, Schema]) -> Schema:
    """The schema of one type; `rules` are what pydantic found beside it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        own = [rule for part in inner[1:] for rule in (part.metadata if isinstance(part, FieldInfo) else [part])]
        return _describe(inner[0], [*own, *rules], sections)
    if origin in (Union, UnionType):
        kinds = [_describe(part, rules if part is not type(None) else [], sections) for part in inner]
        return {"anyOf": kinds} if len(kinds) > 1 else kinds[0]
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is tuple:
        return {"type": "array", "items": _describe(inner[0], [], sections)} | (
            {"minItems": 1} if any(_is(rule, "_refuse_empty") for rule in rules) else {}
        )
    if origin is dict:
        return {
            "type": "object",
            "propertyNames": _describe(inner[0], [], sections),
            "additionalProperties": _describe(inner[1], [], sections),
        }
    if annotation is type(None):
        return {"type": "null"}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _section(annotation, sections)
    if isinstance(annotation, type) and issubclass(annotation, Quantity):
        units = "|".join(_any_case(unit) for unit in annotation.units)
        return {"type": "string", "pattern": f"^0*[1-9][0-9]{{0,11}}({units})$", "examples": [annotation.example]}
    if annotation is int:
        bounds = [("minimum", getattr(rule, "ge", None)) for rule in rules]
        bounds += [("maximum", getattr(rule, "le", None)) for rule in rules]
        return {"type": "integer"} | {key: bound for key, bound in bounds if bound is not None}
    if annotation is bool:
        return {"type": "boolean"}
    assert annotation is str, f"no schema for {annotation}"
    return {"type": "string"} | _pattern(rules)


def _pattern(rules: list[Any]) -> Schema:
    """The grammar of a text: a pattern, and how it is written as a hint."""
    for rule in rules:
        if not isinstance(rule, AfterValidator):
            continue
        if _is(rule, _get_check(Address)):
            return {"pattern": "^[0-9a-fA-F.:]+$", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}
        if _is(rule, _get_check(NetworkRange)):
            return {"pattern": "^[0-9a-fA-F.:]+(/[0-9]{1,3})?$"}
        known = inspect.getclosurevars(rule.func).nonlocals
        if isinstance(known.get("compiled"), re.Pattern):
            return {"pattern": f"^(?:{known['compiled'].pattern})$"}
    return {}


def _get_check(text: Any) -> str:
    """The name of the function that checks an annotated text."""
    return str(get_args(text)[1].func.__name__)


def _is(rule: Any, name: str) -> bool:
    return isinstance(rule, AfterValidator) and getattr(rule.func, "__name__", "") == name


def _any_case(unit: str) -> str:
    return unit if unit == unit.upper() else f"{unit}|{unit.upper()}"


def _default(field: FieldInfo) -> Schema:
    examples = {"examples": list(field.examples)} if field.examples else {}
    if field.is_required():
        return examples
    value = field.get_default(call_default_factory=True)
    if value is None or isinstance(value, BaseModel):
        return examples
    if isinstance(value, Quantity):
        value = str(value)
    return examples | {"default": list(value) if isinstance(value, tuple) else value}


def _widen(one: Schema) -> Schema:
    """At the top `pulumi config set` writes every value as a text; Pulumi reads numbers and truth values from it."""
    if one.get("type") not in ("integer", "boolean"):
        return one
    told: Schema = {key: one.pop(key) for key in ("description", "default") if key in one}
    pattern = "^[0-9]+$" if one["type"] == "integer" else "^(true|false)$"
    return {"anyOf": [one, {"type": "string", "pattern": pattern}], **told}
