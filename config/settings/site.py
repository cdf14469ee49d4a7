"""One Flask application and the host names it answers to."""

from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from config.entry import find_entry
from config.settings.gunicorn import Gunicorn
from config.settings.quantity import Size
from config.settings.section import Filled, Section
from config.settings.text import Entry, Folder, HostName, SiteName, UrlFolder, UrlPath, Value, Variable


class Site(Section):
    """One Flask application: where its source is, how it is started, which host names it serves."""

    name: SiteName = Field(examples=["shop"], description="The site's name, used in file, container and label names.")
    source: str = Field(
        examples=["../shop"], description="The folder of the Flask source, from Pulumi.yaml or from the root."
    )
    entry: Entry = Field(
        examples=["shop.web:app"], description="The WSGI entry: package.module:app or package.module:create_app()."
    )
    hosts: Filled[tuple[HostName, ...]] = Field(
        examples=["[shop.example]"], description="The host names that this site answers to; no other site may."
    )
    health: UrlPath = Field(
        default="/",
        description="The path that tells whether a replica is healthy: 2xx, 3xx, 401, 403, 404 and 405 say so.",
    )
    replicas: int | None = Field(
        default=None, ge=1, le=32, description="Containers that serve this site; `replicas` of the stack otherwise."
    )
    body: Size = Field(default=Size.parse("5M"), description="Largest request body; a longer one is refused with 413.")
    static: Folder | None = Field(
        default=None,
        description="The folder of static files, inside the source. Found beside the entry's module where not set.",
    )
    static_url: UrlFolder = Field(default="/static/", description="The URL below which NGINX serves the static files.")
    environment: dict[Variable, Value] = Field(
        default_factory=dict, description="Environment variables of the application; secrets go to portico:secrets."
    )
    gunicorn: Gunicorn = Field(default_factory=Gunicorn, description="How Gunicorn runs this application.")

    @field_validator("source")
    @classmethod
    def _find_source(cls, value: str, info: ValidationInfo) -> str:
        folder = _root(info) / value
        if not folder.is_dir():
            raise PydanticCustomError(
                "folder",
                '"{value}" is not a folder ({path}); write the path of the Flask source, from Pulumi.yaml',
                {"value": value, "path": str(folder)},
            )
        if not any((folder / name).is_file() for name in ("Dockerfile", "requirements.txt", "pyproject.toml")):
            raise PydanticCustomError(
                "folder",
                '"{value}" holds no requirements.txt, pyproject.toml or Dockerfile; '
                "write one, so that the application can be installed",
                {"value": value},
            )
        return value

    @field_validator("entry")
    @classmethod
    def _find_entry(cls, value: str, info: ValidationInfo) -> str:
        if "source" in info.data and (problem := find_entry(_root(info) / info.data["source"], value).problem):
            raise PydanticCustomError("entry", "{problem}", {"problem": problem})
        return value

    @field_validator("static")
    @classmethod
    def _find_static(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value and "source" in info.data and not (_root(info) / info.data["source"] / value).is_dir():
            raise PydanticCustomError(
                "folder", '"{value}" is not a folder inside the source; write one, or leave it out', {"value": value}
            )
        return value

    @field_validator("environment")
    @classmethod
    def _refuse_reserved(cls, value: dict[str, str]) -> dict[str, str]:
        for name in value:
            if name.startswith("PORTICO_"):
                raise PydanticCustomError(
                    "reserved", "{name} is Portico's own name; write one without PORTICO_", {"name": name}
                )
        return value

    @model_validator(mode="after")
    def _refuse_root_static(self) -> Self:
        if self.health.startswith(self.static_url) and self.health != "/":
            raise PydanticCustomError(
                "health",
                "health is below staticUrl, which NGINX answers; write a path that the application answers",
            )
        return self


def _root(info: ValidationInfo) -> Path:
    context: dict[str, Any] = info.context or {}
    return Path(context.get("root", "."))
