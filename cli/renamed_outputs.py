"""Outputs of a stack that had another name in an earlier version of Portico."""

from collections.abc import Mapping
from typing import Any


def rename(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs by the names of today; what an earlier version wrote is there until the next update."""
    return {"pinned": outputs.get("held") or {}, **outputs}
