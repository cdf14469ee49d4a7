"""A JSON Schema of stack files, written from the settings themselves: editors complete and check by it."""

import json
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, NoDefault
from pydantic_core import core_schema

from portico.config.settings import Settings
from portico.config.settings.quantity import Quantity

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
    whole = Settings.model_json_schema(schema_generator=_Generator)
    properties = {f"portico:{key}": _widen(one) for key, one in whole.pop("properties").items()}
    properties["portico:secrets"] = {
        "type": "object",
        "additionalProperties": {"type": "object", "additionalProperties": _SECRET},
        "description": "Texts by site and name, which the application reads from /run/secrets/NAME.",
    }
    properties["portico:eabKey"] = _SECRET | {
        "description": "The key of the account that tls.acme.eab names; set it with: pulumi config set --secret "
        "portico:eabKey"
    }
    properties["portico:dnsKey"] = _SECRET | {
        "description": "The secret access key that belongs to tls.acme.dns.accessKey; set it with: pulumi config set "
        "--secret portico:dnsKey"
    }
    properties["portico:backupKey"] = _SECRET | {
        "description": "The key that backups are encrypted with; make it with: portico backup key"
    }
    properties["portico:backupAccess"] = _SECRET | {
        "description": "The secret access key of S3, or the private SSH key, that backups.to needs; set it with: "
        "pulumi config set --secret portico:backupAccess"
    }
    return {
        "$schema": _Generator.schema_dialect,
        "title": "A stack of Portico",
        "description": "Pulumi.<stack>.yaml: what differs from the defaults.",
        "type": "object",
        "properties": {
            "config": {
                "type": "object",
                "description": whole["description"],
                "properties": properties,
                # Keys of other projects and providers are theirs to check.
                "patternProperties": {"^(?!portico:)": True},
                "additionalProperties": False,
            },
            "secretsprovider": {"type": "string", "description": "Who keeps the key of the secrets; Pulumi's own."},
            "encryptionsalt": {"type": "string", "description": "Proves the passphrase of the secrets; Pulumi's own."},
            "encryptedkey": {"type": "string", "description": "The locked key of the secrets; Pulumi's own."},
        },
        "$defs": whole["$defs"],
    }


class _Generator(GenerateJsonSchema):
    """Pydantic's own, but for what an editor shows, and for names that it would let pass."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: it would be the name once more."""
        return False

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        """A section; its title would be the name once more."""
        made = super().model_schema(schema)
        del made["title"]
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> Schema:
        """Names and values; a name that does not fit its grammar is a mistake."""
        return {"additionalProperties": False} | super().dict_schema(schema)

    def get_default_value(self, schema: core_schema.WithDefaultSchema) -> Any:
        """As it is written. What a whole section is where nothing is said, its own settings say."""
        make: Any = schema.get("default_factory")
        value = make() if make else schema.get("default")
        if isinstance(value, Quantity):
            return str(value)
        return NoDefault if value is None or isinstance(value, BaseModel) else value


def _widen(one: Schema) -> Schema:
    """At the top `pulumi config set` writes every value as a text; Pulumi reads numbers and truth values from it."""
    if one.get("type") not in ("integer", "boolean"):
        return one
    reported: Schema = {key: one.pop(key) for key in ("description", "default") if key in one}
    pattern = "^[0-9]+$" if one["type"] == "integer" else "^(true|false)$"
    return {"anyOf": [one, {"type": "string", "pattern": pattern}], **reported}
