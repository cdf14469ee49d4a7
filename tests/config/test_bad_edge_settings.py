"""Bad settings of TLS, proxies in front, limits, routes, headers, weights and users: each refused by name."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.settings import Mistakes
from portico.config.tls.nginx_secrets import read_private
from tests.config.bad_edge_settings import ROWS, proxies, route, site
from tests.config.sample import make_site, make_values, read_settings, refuse, write_files


@pytest.mark.parametrize(("values", "line"), [pytest.param(*row, id=row[1][:70]) for row in ROWS])
def test_a_bad_setting_is_named_with_its_path_and_what_to_write(root: Path, values: dict[str, Any], line: str) -> None:
    assert refuse(root, values) == [line]


def test_a_password_written_in_the_clear_is_not_shown(root: Path) -> None:
    assert "hunter2" not in "".join(refuse(root, site(users={"ann": "hunter2"})))


@pytest.mark.parametrize(
    "values",
    [
        route(timeout="30s"),
        route(timeout="2h", stream=True),
        route(timeout="2h", websocket=True),
        site(weights=[1, 2], replicas=2),
        site(headers={"contentSecurityPolicy": "default-src 'self' 'sha256-abc+/='; frame-ancestors 'none'"}),
        site(users={"ann.b@c-d_e": "$apr1$abcdefgh$" + "0" * 22}),
        site(gunicorn={"version": "26.1.0"}),
        proxies("10.0.0.0/8", "192.0.2.7", "fd00::/8"),
    ],
    ids=str,
)
def test_a_good_setting_at_the_border_is_accepted(root: Path, values: dict[str, Any]) -> None:
    assert read_settings(root, *values.pop("sites"), **values)


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize(
    ("files", "lines"),
    [
        (
            {},
            [
                'certificate: "a.crt" is not a file; write the path of a PEM file',
                'key: "a.key" is not a file; write the path of a PEM file',
            ],
        ),
        ({"a.crt": CERTIFICATE}, ['key: "a.key" is not a file; write the path of a PEM file']),
        (
            {"a.crt": CERTIFICATE, "a.key": "x"},
            ['key: "a.key" holds no PEM private key; write the path of one that does'],
        ),
        (
            {"a.crt": KEY, "a.key": KEY},
            ['certificate: "a.crt" holds no PEM certificate; write the path of one that does'],
        ),
        (
            {"a.crt": KEY, "a.key": CERTIFICATE},
            [
                'certificate: "a.crt" holds no PEM certificate; write the path of one that does',
                'key: "a.key" holds no PEM private key; write the path of one that does',
            ],
        ),
    ],
    ids=["none", "no key", "no PEM", "twice the key", "exchanged"],
)
def test_certificate_files_that_cannot_be_used_are_named(root: Path, files: dict[str, str], lines: list[str]) -> None:
    write_files(root, files)
    settings = read_settings(root, make_site(certificate={"certificate": "a.crt", "key": "a.key"}), tls={})
    with pytest.raises(Mistakes) as caught:
        read_private(settings, root)
    assert [str(mistake) for mistake in caught.value.all] == [f"sites[0].certificate.{line}" for line in lines]


def test_certificates_of_several_sites_are_missed_in_one_report(root: Path) -> None:
    certificate = {"certificate": "a.crt", "key": "a.key"}
    sites = [make_site(name=name, hosts=[f"{name}.example"], certificate=certificate) for name in ("shop", "blog")]
    with pytest.raises(Mistakes) as caught:
        read_private(read_settings(root, *sites, tls={}), root)
    assert [mistake.path for mistake in caught.value.all] == [
        f"sites[{index}].certificate.{part}" for index in (0, 1) for part in ("certificate", "key")
    ]


SCOPE = "fe80::%a; } server { listen 1;/64"
UPSTREAM = "balance and weights over container names need NGINX 1.27.3; write upstream: socket, or leave them out"
MISREAD = [
    pytest.param(proxies(SCOPE), "client.proxies[0]", id="an IPv6 zone that is NGINX configuration"),
    pytest.param(proxies("fe80::%a\nb/64"), "client.proxies[0]", id="an IPv6 zone with a line end"),
    pytest.param(site(aliases=["shop.example"]), "sites[0].aliases[0]", id="an alias that is a host of the site"),
    pytest.param(site(aliases=["a.example", "a.example"]), "sites[0].aliases[1]", id="an alias twice"),
    pytest.param(
        make_values(make_site(), make_site(name="blog", hosts=["b.example"], aliases=["shop.example"])),
        "sites[1].aliases[0]",
        id="an alias that is a host of another site",
    ),
    pytest.param(
        site(hosts=["*.shop.example"], aliases=["a.example"]),
        "sites[0]: aliases lead to the first of hosts, and *.shop.example is not a single name; write one first",
        id="aliases of a wildcard",
    ),
    pytest.param(
        site(routes=[{"path": "/static/"}]),
        "sites[0]: route /static/ is where static files are; write another",
        id="a route that is staticUrl",
    ),
    pytest.param(
        site(routes=[{"path": "/static"}]),
        "sites[0]: route /static is where static files are; write another",
        id="a route that is staticUrl without slash",
    ),
    *(
        pytest.param(site(routes=[{"path": path}]), "sites[0].routes", id=f"a route of Portico's{path[25:]}")
        for path in ("/portico-unavailable.html", "/portico-unavailable.html/")
    ),
    pytest.param(make_values(nginx={"version": "1.20.2"}), "nginx.version", id="a version too old to write for"),
    pytest.param(
        make_values(nginx={"version": "1.31.0"}, nginxImage="nginx:1.22.1"),
        "nginx.version",
        id="another than the tag's",
    ),
    pytest.param(
        site(body="999999999999G"),
        'sites[0].body: "999999999999G" is too much; write at most 1024G',
        id="a size that overflows",
    ),
    pytest.param(
        site(body="1025G"), 'sites[0].body: "1025G" is too much; write at most 1024G', id="a size above the bound"
    ),
    pytest.param(
        make_values(nginx={"keepalive": "999999999999h"}),
        'nginx.keepalive: "999999999999h" is too much; write at most 8760h',
        id="a duration that overflows",
    ),
    pytest.param(
        make_values(nginx={"keepalive": "8761h"}),
        'nginx.keepalive: "8761h" is too much; write at most 8760h',
        id="a duration above the bound",
    ),
    *(
        pytest.param(
            make_values(own, upstream="container", nginxImage="nginx:1.27.2"),
            f"sites[0]: {UPSTREAM}",
            id=f"{key} of names that are not in an upstream",
        )
        for key, own in {
            "balance": make_site(balance="ip_hash"),
            "weights": make_site(weights=[3, 1], replicas=2),
        }.items()
    ),
    pytest.param(
        make_values(
            make_site(balance="random"),
            upstream="container",
            nginx={"version": "1.27.2"},
            nginxImage="nginx@sha256:" + "0" * 64,
        ),
        f"sites[0]: {UPSTREAM}",
        id="balance, for a version that is said",
    ),
]


@pytest.mark.parametrize(("values", "path"), MISREAD)
def test_what_nginx_would_refuse_or_misread_is_refused_first(root: Path, values: dict[str, Any], path: str) -> None:
    assert any(line.startswith(path) for line in refuse(root, values))


def test_every_site_without_a_certificate_is_named(root: Path) -> None:
    lines = refuse(root, make_values(make_site(), make_site(name="blog", hosts=["b.example"]), tls={}))
    assert lines == [
        "sites[0].certificate, sites[1].certificate: is required for tls; "
        "write it, or tls.acme, or tls.localAuthority: true"
    ]


def test_every_mistake_across_settings_is_named(root: Path) -> None:
    sites = [make_site(balance="random"), make_site(name="blog", hosts=["b.example"], balance="random")]
    old = {"upstream": "container", "nginxImage": "nginx:1.26.3"}
    lines = refuse(root, make_values(*sites, tls={}, **old))
    assert all(f"sites[{index}]: {UPSTREAM}" in lines for index in (0, 1))
    assert any("is required for tls" in line for line in lines)


def test_a_policy_may_hold_what_its_grammar_needs(root: Path) -> None:
    assert read_settings(root, make_site(headers={"permissionsPolicy": "geolocation=(self), camera=()"}))


def test_a_permissions_policy_may_name_an_origin(root: Path) -> None:
    assert read_settings(root, make_site(headers={"permissionsPolicy": 'geolocation=(self "https://a.example")'}))
