"""A check of a value that an editor knows of, too."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import AfterValidator, GetJsonSchemaHandler
from pydantic_core import CoreSchema


@dataclass(frozen=True)
class Check(AfterValidator):
    """`func` is called with the value, once its type fits; `reported` are keys of JSON Schema that say the same."""

    reported: dict[str, Any] = field(hash=False)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """The schema of the value's type, and what is reported of this check."""
        return handler(schema) | self.reported
