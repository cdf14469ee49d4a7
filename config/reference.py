"""The reference of the settings and of the presets, written from the settings and presets themselves."""

from collections.abc import Iterator, Mapping
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from portico.config.settings import Settings
from portico.config.settings.presets import PRESETS
from portico.config.settings.quantity import Quantity

_HEAD = """# Settings

Every setting of a stack file (`Pulumi.<stack>.yaml`), below `config:` with the prefix `portico:`. Written by
`make docs` from `config/settings/`: change it there.

Sizes are a whole number and K, M or G, also in lower case; durations a whole number and ms, s, m or h. So `5m` is 5 MB
as a size and 5 minutes as a duration. Keys not listed are refused.

An editor that knows YAML completes and checks all of this by [stack.schema.json](stack.schema.json). Write as the first
line of a stack file:

    # yaml-language-server: $schema=docs/stack.schema.json

The schema knows names, types and grammars. What needs the sources or several settings at once (is the entry there, does
a host name that is listed twice) is checked by every `pulumi preview`, `pulumi up`, `make render` and `make diff`.
"""

_PRESETS = """# Presets

`portico:preset` says what is meant where a stack file says nothing. Whatever the stack file says lies over it, setting
by setting. Written by `make docs` from `config/settings/presets.py`: change it there.

- `default`: what this project stands for: connections to Gunicorn that are kept, static files compressed when the
  release is made, protecting headers, limits that no visitor notices.
- `article`: as close as is safe to the usual hand-written set-up of Flask, Gunicorn and NGINX. For comparison, and for
  whoever wants to start from what they know. What protects the application stays: unknown hosts get no answer,
  forwarding headers are set here alone, requests are bounded.
- `strict`: for applications whose own pages load nothing from elsewhere: small bodies, few requests, a closed
  Content-Security-Policy, logs for machines. Try it in staging first.

The settings in which they differ; `sites[]` is each site:

"""

_TAIL = """
## The image of a VM on AWS

`portico:aws.ami` is the id of Ubuntu 24.04 LTS in the region, made by Canonical. AWS tells the newest one; `arm64`
is for Graviton (t4g, m7g, …), `amd64` for all others:

    aws ssm get-parameter --region eu-central-1 --query Parameter.Value --output text \
      --name /aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id

It stays the one that is written: a newer one is a change, announced by `pulumi preview`, and makes another VM.

## Secrets

`portico:secrets` holds texts by site and name; set them encrypted. The application reads `/run/secrets/<NAME>`, as
[secrets.md](secrets.md) shows:

    pulumi config set --secret --path portico:secrets.shop.DATABASE_URL …

`portico:eabKey` is the key of the account that `tls.acme.eab` names, a secret too ([certificates.md](certificates.md)):

    pulumi config set --secret portico:eabKey …

`portico:dnsKey` is the secret access key that belongs to `tls.acme.dns.accessKey`:

    pulumi config set --secret portico:dnsKey …

`portico:backupKey` is the key of the backups, which `portico backup key` makes, and `portico:backupAccess` what S3 or
SFTP ask for ([backups.md](backups.md)):

    pulumi config set --secret portico:backupAccess …
"""


def write_reference() -> str:
    """The reference as Markdown: a table of each section."""
    parts = [_HEAD, *_write_section("Stack", "`portico:…`", Settings, set())]
    return "\n".join(parts).rstrip() + "\n" + _TAIL


def write_presets() -> str:
    """What each preset means, as Markdown: a table of the settings in which they differ."""
    names = ["article", "default", "strict"]
    assert set(names) == set(PRESETS)
    columns = {name: {**_flatten("", PRESETS[name][0]), **_flatten("sites[].", PRESETS[name][1])} for name in names}
    paths = dict.fromkeys(path for name in names for path in columns[name])
    lines = [f"| setting | {' | '.join(f'`{name}`' for name in names)} | what it does |", "|---" * 5 + "|"]
    for path in paths:
        default, description = _look_up(path)
        cells = [_show(columns[name][path]) if path in columns[name] else default for name in names]
        lines.append(f"| `{path}` | {' | '.join(cells)} | {description} |")
    return _PRESETS + "\n".join(lines) + "\n"


def _flatten(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flatten(f"{prefix}{key}.", value) if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return found


def describe(path: str) -> str:
    """The description of the setting at a path such as `sites[].routes[].body`; StopIteration if there is none."""
    return _look_up(path)[1]


def _look_up(path: str) -> tuple[str, str]:
    """The default and the description of the setting at `path`."""
    parts = path.replace("[]", "").split(".")
    model: type[BaseModel] = Settings
    unset = False
    for part in parts[:-1]:
        field = _field(model, part)
        unset = unset or (not field.is_required() and field.get_default(call_default_factory=True) is None)
        model = _section(field.annotation) or model
    field = _field(model, parts[-1])
    return ("not set" if unset else _default(field)), field.description or ""


def _field(model: type[BaseModel], key: str) -> FieldInfo:
    return next(field for name, field in model.model_fields.items() if key in (name, field.alias))


def _write_section(title: str, path: str, model: type[BaseModel], reported: set[str]) -> Iterator[str]:
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
        # A section that stands in two places is reported once.
        if heading not in reported:
            reported.add(heading)
            yield from _write_section(heading, place, section, reported)


def _section(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _section(part))), None)


def _spell(annotation: Any, field: FieldInfo) -> str:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        return " or ".join(_spell(part, field) for part in get_args(annotation) if part is not type(None))
    if origin is Literal:
        return " or ".join(_show(value) for value in get_args(annotation))
    if origin is tuple:
        return "a list of whole numbers" if "int" in str(annotation) else "a list of texts"
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
    return "" if value in (None, {}, ()) or isinstance(value, BaseModel) else _show(value)


def _show(value: Any) -> str:
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else '`""`'
