"""A PEM file of certificates that somebody trusts, by its path from the project's folder."""

from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from portico.config.settings.text import FilePath


def _find(value: str, info: ValidationInfo) -> str:
    file = Path((info.context or {}).get("root", ".")) / value
    if value and not file.is_file():
        _refuse("is not a file", value)
    try:
        holds = not value or b"-----BEGIN CERTIFICATE-----" in file.read_bytes()
    except OSError as error:
        _refuse(f"cannot be read ({error.strerror})", value)
    if not holds:
        _refuse("holds no certificate", value)
    return value


def _refuse(why: str, value: str) -> NoReturn:
    raise PydanticCustomError(
        "file", '"{value}" {why}; write the path of a PEM bundle, or leave it out', {"value": value, "why": why}
    )


Bundle = Annotated[FilePath, AfterValidator(_find)]
