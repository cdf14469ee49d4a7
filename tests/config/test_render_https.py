"""What HTTPS and other names become: redirects, profiles, the port that an application is told."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.nginx_file import servers_of
from tests.config.sample import make_site, parse, server_of

TLS = {"localAuthority": True}


@pytest.mark.parametrize(
    ("stack", "home"),
    [
        ({"port": 80}, "http://shop.example$request_uri"),
        ({"port": 8080}, "http://shop.example:8080$request_uri"),
        ({"tls": TLS}, "https://shop.example:8443$request_uri"),
        ({"tls": TLS | {"port": 443}}, "https://shop.example$request_uri"),
        ({"tls": TLS | {"redirect": False}}, "http://shop.example:8080$request_uri"),
    ],
    ids=str,
)
def test_aliases_lead_to_the_first_host_by_a_308(root: Path, tmp_path: Path, stack: dict[str, Any], home: str) -> None:
    main = parse(root, tmp_path, make_site(aliases=["www.shop.example", "*.old.example"]), **stack)
    (server,) = servers_of(main, "www.shop.example")
    assert server.get("server_name") == "www.shop.example *.old.example"
    assert server.get("return") == f"308 {home}" and server.find("location") == []


@pytest.mark.parametrize(("port", "spelled"), [(443, ""), (8443, ":8443")])
def test_plain_http_leads_to_https_by_a_308(root: Path, tmp_path: Path, port: int, spelled: str) -> None:
    main = parse(root, tmp_path, tls=TLS | {"port": port})
    plain, secure = servers_of(main, "shop.example")
    assert plain.all("listen") == [("8080",)] and plain.find("location") == []
    assert plain.get("return") == f"308 https://$host{spelled}$request_uri"
    assert secure.all("listen") == [("8443", "ssl")]
    assert ("Host", f"$host{spelled}") in [found.args for found in main.find("proxy_set_header")]


def test_without_the_redirect_one_server_answers_both(root: Path, tmp_path: Path) -> None:
    (server,) = servers_of(parse(root, tmp_path, tls=TLS | {"redirect": False}), "shop.example")
    assert server.all("listen") == [("8080",), ("8443", "ssl")]


def test_an_unknown_name_gets_no_handshake(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, tls=TLS)
    plain, secure = servers_of(main, "_")
    assert plain.get("return") == "444" and plain.all("listen") == [("8080", "default_server")]
    assert secure.get("ssl_reject_handshake") == "on"
    assert secure.all("listen") == [("8443", "ssl", "default_server")]


@pytest.mark.parametrize(
    ("profile", "protocols", "ciphers"), [("modern", "TLSv1.3", False), ("intermediate", "TLSv1.2 TLSv1.3", True)]
)
def test_a_profile_is_mozillas(root: Path, tmp_path: Path, profile: str, protocols: str, ciphers: bool) -> None:
    (http,) = parse(root, tmp_path, tls=TLS | {"profile": profile}).find("http")
    assert http.get("ssl_protocols") == protocols and http.get("ssl_session_tickets") == "off"
    assert bool(http.all("ssl_ciphers")) == ciphers
    for cipher in http.get("ssl_ciphers").split(":") if ciphers else ():
        assert cipher.startswith("ECDHE-") and ("GCM" in cipher or "POLY1305" in cipher)


def test_the_host_names_the_port_that_the_request_came_by(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, port=8080, tls=TLS | {"redirect": False, "port": 8443})
    (found,) = (found for found in main.find("map") if found.args == ("$scheme", "$public_port"))
    assert [(one.name, one.args) for one in found.block] == [
        ("default", ("",)),
        ("http", (":8080",)),
        ("https", (":8443",)),
    ]
    server = server_of(main)
    told = {found.args[1] for found in main.find("proxy_set_header") if found.args[0] == "Host"}
    assert told == {"$host$public_port", "$site_host"} and server.get("server_name") == "shop.example"
