"""A resource's inputs as the engine hands them over: with marks for secrets and for what is not known yet."""

from collections.abc import Mapping
from typing import Any, Final

from portico.policies.graph import UNKNOWN

SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
SECRET: Final = "1b47061264138c4ac30d75fd1eb44270"
WITHHELD: Final = "[secret]"  # in `pulumi preview --json`
# One for each kind of value: boolean, number, text, list, asset, archive, object.
UNKNOWNS: Final = frozenset(
    {
        "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
        "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
        "04da6b54-80e4-46f7-96ec-b56ff0331ba9",
        "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
        "030794c1-ac77-496b-92df-f27374a8bd58",
        "e48ece36-62e2-4504-bad9-02848725956a",
        "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
    }
)


def read_inputs(wire: Mapping[str, Any]) -> dict[str, Any]:
    """The plain inputs, UNKNOWN for what is not known yet."""
    return {key: _read(value) for key, value in wire.items()}


def find_secrets(wire: Mapping[str, Any]) -> frozenset[str]:
    """The names of the inputs that hold a secret, at any depth."""
    return frozenset(key for key, value in wire.items() if _has_secret(value))


def _read(value: Any) -> Any:
    if _is_secret(value):
        return _read(value["value"]) if "value" in value else UNKNOWN
    if isinstance(value, Mapping):
        return read_inputs(value)
    if isinstance(value, list):
        return [_read(inner) for inner in value]
    if isinstance(value, str):
        return UNKNOWN if value in UNKNOWNS else value
    # Numbers have one type on the wire.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _has_secret(value: Any) -> bool:
    if isinstance(value, Mapping | list):
        inner = value.values() if isinstance(value, Mapping) else value
        return _is_secret(value) or any(map(_has_secret, inner))
    return _is_secret(value)


def _is_secret(value: Any) -> bool:
    return value == WITHHELD or (isinstance(value, Mapping) and value.get(SIGNATURE) == SECRET)
