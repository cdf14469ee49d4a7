"""One Flask application and the host names it answers to."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from portico.config.settings.data import Data
from portico.config.settings.environment import OwnVariable
from portico.config.settings.gunicorn import Gunicorn
from portico.config.settings.headers import Headers
from portico.config.settings.hidden import Hidden
from portico.config.settings.host_name import HostName
from portico.config.settings.limits import Limits
from portico.config.settings.password_hash import PasswordHash
from portico.config.settings.processes import Processes
from portico.config.settings.quantity import Size
from portico.config.settings.route import Route
from portico.config.settings.section import Filled
from portico.config.settings.service import ServiceName
from portico.config.settings.text import Entry, Folder, UrlFolder, UrlPath, UrlPrefix, UserName, Value
from portico.config.settings.tls import Certificate
from portico.config.source.place import FORMS, place_source
from portico.config.source.wsgi_entry import find_entry


class Site(Processes):
    """One Flask application: where its source is, how it is started, which host names it serves."""

    entry: Entry = Field(
        examples=["shop.web:app"], description="The WSGI entry: package.module:app or package.module:create_app()."
    )
    hosts: Filled[tuple[HostName, ...]] = Field(
        examples=["[shop.example]"],
        description="The host names that this site answers to; another site may only below another path.",
    )
    path: UrlPrefix = Field(
        default="/",
        description="The path of its hosts below which the application is, such as /shop: what other settings say of "
        "paths and URLs is as the application itself knows it, without this.",
    )
    health: UrlPath = Field(
        default="/",
        description="The path that tells whether a replica is healthy: 2xx, 3xx, 401, 403, 404, 405 and 429 say so.",
    )
    replicas: int | None = Field(
        default=None, ge=1, le=32, description="Containers that serve this site; `replicas` of the stack otherwise."
    )
    body: Size = Field(default=Size.parse("5M"), description="Largest request body; a longer one is refused with 413.")
    static: Folder | None = Field(
        default=None,
        description="The folder of static files, inside the source; that of the Flask object where not set.",
    )
    static_from: Literal["source", "application"] = Field(
        default="source",
        description="What says which files NGINX serves: the source's folder of static files alone, or also the "
        "application, which is asked in its image for those of blueprints and packages.",
    )
    static_url: UrlFolder = Field(default="/static/", description="The URL below which NGINX serves the static files.")
    publish: tuple[Hidden, ...] = Field(
        default=(),
        examples=["['*.py']"],
        description="Kinds of static files that are published anyway. Source, databases, keys, backups, logs and "
        "names that begin with a dot are not, nor are links that lead out of the folder (->..).",
    )
    environment: dict[OwnVariable, Value] = Field(
        default_factory=dict, description="Environment variables of the application; secrets go to portico:secrets."
    )
    aliases: tuple[HostName, ...] = Field(
        default=(), description="Host names that are redirected to the first of `hosts`, such as www.shop.example."
    )
    balance: Literal["round_robin", "least_conn", "ip_hash", "random"] = Field(
        default="round_robin", description="How requests are spread over the replicas."
    )
    weights: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(
        default=(), description="The share of each replica, one number a replica; equal where not set."
    )
    headers: Headers = Field(default_factory=Headers, description="Response headers that protect the visitor.")
    limits: Limits = Field(default_factory=Limits, description="How much one client may ask for.")
    routes: tuple[Route, ...] = Field(default=(), description="Paths that need something else than the rest.")
    immutable: bool = Field(
        default=True,
        description="Let browsers keep static files forever whose names carry a digest, as app.3f2a9c1b.js does.",
    )
    certificate: Certificate | None = Field(default=None, description="The certificate for HTTPS.")
    users: dict[UserName, PasswordHash] = Field(
        default_factory=dict,
        description="Who may enter, by name: a hash as `htpasswd -nB` writes it. Everybody, where not set.",
    )
    maintenance: bool = Field(default=False, description="Answer everything with a page that asks to come back.")
    gunicorn: Gunicorn = Field(default_factory=Gunicorn, description="How Gunicorn runs this application.")
    uses: tuple[ServiceName, ...] = Field(
        default=(),
        examples=["[db]"],
        description="The services that it can reach, by name: DATABASE_URL or REDIS_URL is a secret of its processes, "
        "and a variable too.",
    )
    data: tuple[Data, ...] = Field(default=(), description="Folders that last: they outlive releases and `down`.")

    @field_validator("source")
    @classmethod
    def _find_source(cls, value: str, info: ValidationInfo) -> str:
        if _is_pinned(info):
            return value
        folder = _root(info) / value
        if not folder.is_dir():
            raise PydanticCustomError(
                "folder",
                '"{value}" is not a folder ({path}); write the path of the Flask source, from Pulumi.yaml',
                {"value": value, "path": str(folder)},
            )
        if not any((folder / name).is_file() for name in FORMS) and not any(folder.glob("requirements*")):
            conda = any((folder / f"environment.{ending}").is_file() for ending in ("yml", "yaml"))
            raise PydanticCustomError(
                "folder",
                '"{value}" holds no requirements.txt, pyproject.toml or Dockerfile; '
                "write one, so that the application can be installed{besides}",
                {"value": value, "besides": ": an environment of conda needs a Dockerfile" if conda else ""},
            )
        return value

    @field_validator("entry")
    @classmethod
    def _find_entry(cls, value: str, info: ValidationInfo) -> str:
        looked_at = "source" in info.data and not _is_pinned(info)
        if looked_at and (problem := find_entry(place_source(_root(info), info.data), value).problem):
            raise PydanticCustomError("entry", "{problem}", {"problem": problem})
        return value

    @field_validator("static")
    @classmethod
    def _find_static(cls, value: str | None, info: ValidationInfo) -> str | None:
        looked_at = "source" in info.data and not _is_pinned(info)
        if value and looked_at and not (_root(info) / info.data["source"] / value).is_dir():
            raise PydanticCustomError(
                "folder", '"{value}" is not a folder inside the source; write one, or leave it out', {"value": value}
            )
        return value

    @field_validator("static_url")
    @classmethod
    def _keep_error_page(cls, value: str) -> str:
        if value == "/portico-unavailable.html/":
            raise PydanticCustomError(
                "url", '"{value}" has the name of the error page; write another', {"value": value}
            )
        return value

    def tell_clashes(self) -> Iterator[str]:
        """See Section."""
        for route in self.routes:
            if route.path in (self.static_url, self.static_url.rstrip("/")):
                yield f"route {route.path} is where static files are; write another"
            if route.timeout and not (route.stream or route.websocket) and route.timeout > self.gunicorn.timeout:
                yield (
                    f"the timeout of route {route.path} is above gunicorn.timeout, {self.gunicorn.timeout}; raise that "
                    "too"
                )
        if self.aliases and self.hosts[0].startswith("*"):
            yield f"aliases lead to the first of hosts, and {self.hosts[0]} is not a single name; write one first"
        if "users" in self.model_fields_set and not self.users:
            yield "users is empty, so nobody would be asked for a password; write a name and its hash, or leave it out"
        if self.weights and self.replicas != len(self.weights):
            count = len(self.weights)
            has = "1 entry" if count == 1 else f"{count} entries"
            yield f"weights has {has}; write replicas: {count} beside it, or one weight a replica"
        if self.health.startswith(self.static_url) and self.health != "/":
            yield "health is below staticUrl, which NGINX answers; write a path that the application answers"

    @property
    def asked(self) -> bool:
        """Whether the application itself is asked for its static files."""
        return self.static_from == "application"

    def locate(self, path: str) -> str:
        """Where the host has what the application itself has at `path`."""
        return path if self.path == "/" else f"{self.path}{path}"

    def list_collected(self) -> Iterator[tuple[str, Size]]:
        """Where bodies are collected before they are passed on: the setting that bounds them, and the bound."""
        if all(route.path != "/" for route in self.routes):
            yield "body", self.body
        for index, route in enumerate(self.routes):
            if route.request_buffering:
                yield (f"routes[{index}].body", route.body) if route.body else ("body", self.body)

    @property
    def scratch(self) -> Size:
        """How large /tmp is: uploads lie there while the application reads them, two of the largest size at least."""
        largest = max([size for _, size in self.list_collected()], default=self.body)
        return max(Size.parse("64M"), Size(2 * largest.bytes))

    @property
    def hung_after(self) -> float:
        """Seconds without an answer to a health check and without the end of a request; 0 for never.

        15 s, and a replica is replaced within 30 s: noticed after 2 s at most, decided at the end of a check (6 s
        each), started again. A request that may take longer than 30 s is no sign of a hang before its time is over.
        """
        chosen = self.gunicorn.hung_after
        if chosen == "never":
            return 0.0
        if chosen is not None:
            return chosen.amount / 1000
        return 15.0 if self.longest_request <= 30 else self.longest_request

    @property
    def longest_request(self) -> float:
        """Seconds that a request of this site may take, or be silent for on a route that streams."""
        silences = [route.longest_silence for route in self.routes if route.longest_silence]
        return max([self.gunicorn.timeout, *silences]).amount / 1000

    @property
    def hang_limits(self) -> str:
        """What the health check of a replica calls a hang, in seconds: of workers that run no code, and of others.

        Where workers still run code, all threads may be in requests that are allowed to take that long.
        """
        hung = self.hung_after
        return f"{hung:g},{max(hung, self.longest_request) if hung else 0:g}"


def _root(info: ValidationInfo) -> Path:
    context: dict[str, Any] = info.context or {}
    return Path(context.get("root", "."))


def _is_pinned(info: ValidationInfo) -> bool:
    """Whether the site stays at an earlier release: its source is not read then."""
    context: dict[str, Any] = info.context or {}
    return info.data.get("name") in context.get("pinned", ())
