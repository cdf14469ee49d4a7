"""What the last good update left: the stack's own outputs, read back."""

import time
from collections.abc import Mapping
from typing import Any

import pulumi
from pulumi.runtime import invoke

_TRIES = 30


def read_previous() -> dict[str, Any]:
    """The outputs of this stack as the last good update saved them, {} before the first one.

    The engine answers from the state that it has at hand, whatever the backend; it takes about 10 ms.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return _ask("readStackOutputs", {"name": name, "stackName": name})


def read_resources() -> dict[str, Any]:
    """The resources of this stack as the last update left them, also one that failed: {URN: {"type", "outputs"}}.

    What is only waiting to be deleted is not among them.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return _ask("readStackResourceOutputs", {"stackName": name})


def list_outputs(resources: Mapping[str, Any], kind: str, begin: str) -> list[dict[str, Any]]:
    """The outputs of those `resources` (see `read_resources`) that are of this type and whose names begin so."""
    return [
        one["outputs"]
        for urn, one in resources.items()
        if one["type"] == kind and urn.rpartition("::")[2].startswith(begin)
    ]


def _ask(function: str, arguments: dict[str, str]) -> dict[str, Any]:
    for left in reversed(range(_TRIES)):
        try:
            answer = invoke(f"pulumi:pulumi:{function}", arguments).value or {}
            break
        except Exception as error:
            # The engine saves the state meanwhile. A state in a folder has a small file beside it that it
            # writes in place, and whoever reads that too early is informed of its end.
            if not left or "EOF" not in str(error):
                raise
            time.sleep(0.1)
    found: dict[str, Any] = _count(answer.get("outputs") or {})
    return found


def _count(value: Any) -> Any:
    """The same with whole numbers: the engine's protocol knows only floating point."""
    if isinstance(value, dict):
        return {key: _count(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_count(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
