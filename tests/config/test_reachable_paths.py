"""A path that a setting may hold is one that NGINX may see: what it would have made of it, is it already."""

from typing import Any

import pytest
from hypothesis import example
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from portico.config.settings.text import UrlFolder, UrlPath, UrlPrefix
from tests.property.profile import holds_for

PATHS = st.text(st.sampled_from("//..a~-_B%?#"), max_size=12).map("/{}".format)


def normalize(path: str) -> str:
    """What NGINX compares with its locations: each "." and ".." gone, several slashes one."""
    parts: list[str] = []
    names = path.split("?")[0].split("#")[0].split("/")[1:]
    for name in names:
        if name == "..":
            del parts[-1:]
        elif name not in ("", "."):
            parts.append(name)
    end = "/" if names[-1] in ("", ".", "..") and parts else ""
    return f"/{'/'.join(parts)}{end}"


def accepts(kind: Any, path: str) -> bool:
    try:
        TypeAdapter(kind).validate_python(path)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", [UrlPath, UrlFolder, UrlPrefix])
def test_what_is_accepted_can_match(kind: Any) -> None:
    @holds_for(times=4, path=PATHS | PATHS.map("{}/".format))
    @example(path="/a/./b/")
    @example(path="/.")
    @example(path="/a/.")
    @example(path="/a//b")
    @example(path="/./")
    def holds(path: str) -> None:
        if accepts(kind, path):
            assert normalize(path) == path

    holds()


@holds_for(times=4, path=PATHS)
def test_what_can_match_is_accepted(path: str) -> None:
    if normalize(path) == path and ".." not in path and "%" not in path:
        assert accepts(UrlPath, path)
        assert accepts(UrlFolder, f"{path.rstrip('/')}/") or path == "/"
