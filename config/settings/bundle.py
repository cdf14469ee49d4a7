"""A PEM file of certificates that somebody trusts, by its path from the project's folder."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from portico.config.settings.text import FilePath


def _find(value: str, info: ValidationInfo) -> str:
    if value and not (Path((info.context or {}).get("root", ".")) / value).is_file():
        raise PydanticCustomError(
            "file", '"{value}" is not a file; write the path of a PEM bundle, or leave it out', {"value": value}
        )
    return value


Bundle = Annotated[FilePath, AfterValidator(_find)]
