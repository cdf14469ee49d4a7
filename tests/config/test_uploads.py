"""Bodies are collected in a part of NGINX's memory: what does not fit there is refused before it is deployed."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.sample import make_site, make_values, read_settings, refuse

HINT = (
    "where bodies are collected; raise that and nginx.memory, "
    "or write requestBuffering: false for the route that takes them"
)


def route(path: str = "/a", **changes: Any) -> dict[str, Any]:
    return make_site(body="97M", routes=[{"path": path} | changes])


@pytest.mark.parametrize(
    ("site", "place", "body"),
    [
        (make_site(body="97M"), "sites[0].body", "97m"),
        (make_site(routes=[{"path": "/a", "body": "97M"}]), "sites[0].routes[0].body", "97m"),
        (route(requestBuffering=False), "sites[0].body", "97m"),
    ],
)
def test_a_body_that_does_not_fit_is_refused(root: Path, site: dict[str, Any], place: str, body: str) -> None:
    assert refuse(root, make_values(site)) == [f"{place}: {body} does not fit into nginx.uploads, 96m, {HINT}"]


@pytest.mark.parametrize(
    ("site", "stack"),
    [
        (make_site(body="96M"), {}),
        (make_site(body="97M"), {"nginx": {"uploads": "97M", "memory": "257M"}}),
        (route("/", requestBuffering=False), {}),
        (make_site(routes=[{"path": "/a", "body": "1G", "requestBuffering": False}]), {}),
        # NGINX of a machine's own collects them on its disk.
        (make_site(body="97M"), {"upstream": "tcp"}),
    ],
)
def test_one_that_fits_or_is_not_collected_is_not(root: Path, site: dict[str, Any], stack: dict[str, Any]) -> None:
    assert read_settings(root, site, **stack)


@pytest.mark.parametrize(
    ("nginx", "least"), [({"memory": "255M"}, "96m"), ({"uploads": "97M"}, "97m"), ({"memory": "64M"}, "96m")]
)
def test_memory_that_bodies_would_fill_is_refused(root: Path, nginx: dict[str, str], least: str) -> None:
    needed = int(least[:-1]) + 160
    assert refuse(root, make_values(nginx=nginx)) == [
        f"nginx: memory is too little: uploads take {least} of it, and NGINX 160m; write at least {needed}M"
    ]


@pytest.mark.parametrize(
    ("nginx", "heads", "needed"),
    [
        ({"requestHeader": "16K"}, 64, 320),
        ({"requestHeader": "64K", "connections": 256}, 112, 368),
        ({"answerHeaders": "32K"}, 32, 288),
        ({"requestHeader": "16K", "answerHeaders": "32K", "workers": 1}, 48, 304),
    ],
)
def test_memory_that_longer_headers_would_fill_is_refused(
    root: Path, nginx: dict[str, Any], heads: int, needed: int
) -> None:
    assert refuse(root, make_values(nginx=nginx)) == [
        f"nginx: memory is too little: uploads take 96m of it, headers above the usual length {heads}m, "
        f"and NGINX 160m; write at least {needed}M"
    ]
    assert read_settings(root, nginx=nginx | {"memory": f"{needed}M"})


def test_shorter_headers_need_no_more_memory(root: Path) -> None:
    assert read_settings(root, nginx={"requestHeader": "4K", "answerHeaders": "4K"})


@pytest.mark.parametrize(
    ("name", "value", "most"),
    [("requestHeader", "65K", "64k"), ("requestHeader", "3K", "64k"), ("answerHeaders", "33K", "32k")],
)
def test_a_length_that_nobody_could_serve_is_refused(root: Path, name: str, value: str, most: str) -> None:
    said = f"nginx.{name}: {value.lower()} does not fit; write at least 4k and at most {most}"
    assert refuse(root, make_values(nginx={name: value})) == [said]
