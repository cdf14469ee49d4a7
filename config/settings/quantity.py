"""Sizes and durations: numbers that always carry their unit."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from portico.config.mistake import show_text


@dataclass(frozen=True, order=True)
class Quantity:
    """An amount in its smallest unit; written in settings as a whole number and a unit."""

    amount: int

    kind: ClassVar[str]
    example: ClassVar[str]
    units: ClassVar[dict[str, int]]
    written: ClassVar[str]
    most: ClassVar[str]

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read `5M` or `30s`; a bare number is refused, since nobody can tell its unit."""
        if isinstance(value, cls):
            return value
        match = re.fullmatch(r"([0-9]{1,12})([A-Za-z]{1,2})", value) if isinstance(value, str) else None
        unit = match and next((u for u in cls.units if u == match[2] or u == match[2].lower()), None)
        if match and unit and int(match[1]) == 0:
            raise PydanticCustomError(cls.kind, '"{value}" disables the limit; use at least 1', {"value": value})
        if not match or not unit:
            raise PydanticCustomError(
                cls.kind,
                "{value} is not a {kind}; write a whole number and a unit ({units}), such as {example}",
                {"value": show_text(value), "kind": cls.kind, "units": cls.written, "example": cls.example},
            )
        amount = int(match[1]) * cls.units[unit]
        most = cls.most and int(cls.most[:-1]) * cls.units[cls.most[-1].lower()]
        if most and amount > most:
            raise PydanticCustomError(
                cls.kind, '"{value}" is too much; write at most {most}', {"value": value, "most": cls.most}
            )
        return cls(amount)

    def __str__(self) -> str:
        """Spell the amount in the largest unit that holds it whole, as NGINX reads it."""
        if not self.amount:
            return "0"
        unit = max((u for u in self.units if self.amount % self.units[u] == 0), key=self.units.__getitem__)
        return f"{self.amount // self.units[unit]}{unit}"

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validate with `parse`; dump as the text that was written."""
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.plain_serializer_function_ser_schema(str)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What `parse` reads, for an editor."""
        units = "|".join(f"{unit}|{unit.upper()}" for unit in cls.units)
        return {"type": "string", "pattern": f"^0*[1-9][0-9]{{0,11}}({units})$", "examples": [cls.example]}


class Size(Quantity):
    """A size in bytes."""

    kind = "size"
    example = "5M"
    written = "K, M or G"
    most = "1024G"
    units: ClassVar[dict[str, int]] = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}

    @property
    def bytes(self) -> int:
        """The size in bytes."""
        return self.amount

    @property
    def mebibytes(self) -> int:
        """The size in whole MiB, rounded up: the unit of Docker's memory limits."""
        return -(-self.amount // (1 << 20))

    @property
    def gibibytes(self) -> int:
        """The size in whole GiB, rounded up: the unit of disks on AWS."""
        return -(-self.amount // (1 << 30))


class Duration(Quantity):
    """A duration in milliseconds."""

    kind = "duration"
    example = "30s"
    written = "ms, s, m or h"
    most = "8760h"
    units: ClassVar[dict[str, int]] = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}

    @property
    def seconds(self) -> int:
        """The duration in whole seconds, rounded up: the unit of Gunicorn's settings."""
        return -(-self.amount // 1000)
