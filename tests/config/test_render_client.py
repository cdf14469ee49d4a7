"""Proxies in front of NGINX: what is believed of them, and what of nobody else."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.sample import parse


@pytest.mark.parametrize(
    ("header", "recursive"),
    [("X-Forwarded-For", True), ("X-Real-IP", False), ("CF-Connecting-IP", False), ("proxy_protocol", False)],
)
def test_proxies_in_front_are_believed_and_nobody_else(
    root: Path, tmp_path: Path, header: str, recursive: bool
) -> None:
    client = {"proxies": ["10.0.0.0/8", "fd00::/8"], "header": header}
    main = parse(root, tmp_path, client=client, tls={"localAuthority": True})
    (http,) = main.find("http")
    assert http.all("set_real_ip_from") == [("10.0.0.0/8",), ("fd00::/8",)]
    assert http.get("real_ip_header") == header
    assert http.all("real_ip_recursive") == ([("on",)] if recursive else [])
    for server in http.find("server"):
        for args in server.all("listen"):
            public = not args[0].startswith("127.0.0.1")
            assert ("proxy_protocol" in args) == (public and header == "proxy_protocol")


def test_without_proxies_the_peer_is_the_client(root: Path, tmp_path: Path) -> None:
    assert [one.name for one in parse(root, tmp_path).walk() if "real_ip" in one.name] == []


def test_behind_a_proxy_the_host_is_what_the_client_asked(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, port=8080, client={"proxies": ["10.0.0.0/8"]})
    (http,) = main.find("http")
    assert [args[1] for args in http.all("proxy_set_header") if args[0] == "Host"] == ["$host$asked_port"]


def test_behind_a_proxy_its_word_for_http_or_https_is_taken_and_nobody_elses(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, client={"proxies": ["10.0.0.0/8", "fd00::/8"]})
    (known,) = main.find("geo")
    assert known.args == ("$realip_remote_addr", "$is_proxy")
    assert [(one.name, one.args) for one in known.block] == [
        *(("default", ("0",)), ("10.0.0.0/8", ("1",)), ("fd00::/8", ("1",)))
    ]
    (said,) = (found for found in main.find("map") if found.args[1] == "$client_scheme")
    assert said.args[0] == "$is_proxy:$http_x_forwarded_proto"
    assert {one.name: one.args for one in said.block} == {
        "default": ("$scheme",),
        "1:http": ("http",),
        "1:https": ("https",),
    }
    reported = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "X-Forwarded-Proto"}
    assert reported == {"$client_scheme"}


@pytest.mark.parametrize("client", [None, {"proxies": ["10.0.0.0/8"], "header": "proxy_protocol"}], ids=str)
def test_where_no_proxy_speaks_http_the_scheme_is_ours(
    root: Path, tmp_path: Path, client: dict[str, Any] | None
) -> None:
    main = parse(root, tmp_path, client=client)
    reported = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "X-Forwarded-Proto"}
    assert reported == {"$scheme"} and main.find("geo") == []
