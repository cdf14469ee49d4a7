"""An application that others wrote: what a user writes to deploy it, and what is asked of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class App:
    """One application.

    `files` are its folder, by path; `paths` are asked by GET and by HEAD. `posts` are forms by path. Some bring a
    Gunicorn of their own, as many do. `uploads` is the path that takes a file. What `locks` names writes its lock
    first. `short` ones belong to `make test-all`.
    """

    name: str
    files: Mapping[str, str]
    entry: str
    paths: tuple[str, ...]
    posts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    websocket: str = ""
    uploads: str = ""
    locks: Literal["", "uv", "poetry"] = ""
    short: bool = False

    def __str__(self) -> str:
        return self.name
