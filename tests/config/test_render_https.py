"""What HTTPS and other names become: redirects, profiles, the port that an application is reported."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.config.nginx_file import servers_of
from tests.config.sample import make_site, parse, render

TLS = {"localAuthority": True}


@pytest.mark.parametrize(
    ("stack", "home"),
    [
        ({"port": 8080}, "$scheme://shop.example$asked_port$request_uri"),
        ({"tls": TLS}, "https://shop.example:8443$request_uri"),
        ({"tls": TLS | {"port": 443}}, "https://shop.example$request_uri"),
        ({"tls": TLS | {"redirect": False}}, "$scheme://shop.example$asked_port$request_uri"),
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


def test_the_redirect_names_the_port_that_visitors_use(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, make_site(aliases=["www.shop.example"]), tls=TLS | {"port": 8443, "publicPort": 443})
    plain, _ = servers_of(main, "shop.example")
    assert plain.get("return") == "308 https://$host$request_uri"
    (other,) = servers_of(main, "www.shop.example")
    assert other.get("return") == "308 https://shop.example$request_uri"


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


@pytest.mark.parametrize(
    ("version", "layout", "first"),
    [("1.30.0", "conf.d", "?X25519MLKEM768"), ("1.29.8", "conf.d", "X25519"), ("1.30.0", "sites-available", "X25519")],
)
def test_keys_are_agreed_on_as_mozilla_says_where_openssl_can(
    root: Path, tmp_path: Path, version: str, layout: str, first: str
) -> None:
    """Images of NGINX have an OpenSSL since 1.30 that reads a `?`; of a machine's own nobody knows it."""
    text = render(root, layout=layout, tls=TLS, nginxImage=f"nginx:{version}").files["nginx.conf"]
    (curves,) = re.findall(r"ssl_ecdh_curve +(\S+);", text)
    assert curves == ":".join(dict.fromkeys([first, "X25519", "prime256v1", "secp384r1"]))


def test_http3_names_the_port_that_has_no_header_for_it(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, tls=TLS | {"port": 8444, "http3": True})
    (asked,) = (found for found in main.find("map") if found.args == ("$http_host", "$asked_port"))
    assert ("", (":8444",)) in [(one.name, one.args) for one in asked.block]
