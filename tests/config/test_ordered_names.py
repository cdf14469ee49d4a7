"""Certificates that are ordered: what is refused, what is advised, and what NGINX is reported of them."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.ordered_names import advise_ports, list_ordered
from portico.config.plan import make_plan
from portico.config.settings import Mistakes
from portico.config.settings.acme import LETS_ENCRYPT
from portico.config.tls.nginx_secrets import Private, read_private
from portico.config.tls.ordering import list_client_files, write_words
from portico.config.wildcard import covers
from tests.config.nginx_file import servers_of
from tests.config.sample import HASH, make_site, make_values, parse, read_settings, refuse, render, server_of

ACME = {"email": "ops@shop.example"}
OWN = ACME | {"directory": "https://ca.example/dir"}
DNS = (
    "needs DNS-01; write tls.acme.dns: {provider: route53, accessKey: AKIA…}, or each name, such as www.shop.example, "
    "or at this site a certificate that you bring: certificate: {certificate: tls/star.crt, key: tls/star.key}"
)
ROUTE53: dict[str, Any] = {"provider": "route53", "accessKey": "AKIAIOSFODNN7EXAMPLE"}
STAR = ACME | {"dns": ROUTE53}
NOBODY = "write a name that DNS knows, or tls.localAuthority: true instead of tls.acme"


def order(*sites: Any, acme: dict[str, Any] | None = None, **stack: Any) -> dict[str, Any]:
    return make_values(*sites, tls={"acme": ACME if acme is None else acme}, **stack)


def hosts(*names: str, acme: dict[str, Any] | None = None) -> dict[str, Any]:
    return order(make_site(hosts=list(names)), acme=acme)


ROWS: list[tuple[dict[str, Any], str]] = [
    (order(acme={}), "tls.acme.email: is required; write email: ops@shop.example"),
    (
        order(acme={"email": "ops"}),
        'tls.acme.email: "ops" is not an address of e-mail; write one such as ops@shop.example',
    ),
    (
        order(acme=ACME | {"directory": "http://ca.example/dir"}),
        f'tls.acme.directory: "http://ca.example/dir" is not the address of an ACME directory; write one such as '
        f"{LETS_ENCRYPT}",
    ),
    (
        order(acme=OWN | {"staging": True}),
        "tls.acme: staging is Let's Encrypt's, and directory names another authority; write one of them",
    ),
    (
        order(acme=OWN | {"caBundle": "ca.pem"}),
        'tls.acme.caBundle: "ca.pem" is not a file; write the path of a PEM bundle, or leave it out',
    ),
    (
        order(acme=ACME | {"caBundle": "own.pem"}),
        "tls.acme: caBundle is for a directory of your own; write directory, or leave caBundle out",
    ),
    (
        make_values(tls={"acme": ACME, "localAuthority": True}),
        "tls: acme orders certificates, and localAuthority signs them here; write one of them",
    ),
    (hosts("*.shop.example"), f'sites[0].hosts[0]: "*.shop.example" {DNS}'),
    (hosts("shop.example", "*.shop.example", acme=OWN), f'sites[0].hosts[1]: "*.shop.example" {DNS}'),
    (
        hosts("*.shop.localhost", acme=STAR),
        f'sites[0].hosts[0]: no public authority signs for "*.shop.localhost"; {NOBODY}',
    ),
    (
        order(acme=ACME | {"dns": {"provider": "cloudflare", "accessKey": "AKIAIOSFODNN7EXAMPLE"}}),
        "tls.acme.dns.provider: \"cloudflare\" does not fit; write 'route53'",
    ),
    (
        order(acme=ACME | {"dns": {"provider": "route53"}}),
        "tls.acme.dns.accessKey: is required; write accessKey: AKIA…",
    ),
    (
        order(acme=ACME | {"dns": ROUTE53 | {"endpoint": "http://127.0.0.1:4566"}}),
        'tls.acme.dns.endpoint: "http://127.0.0.1:4566" is not the address of Route 53\'s API; write one such as '
        "https://route53-fips.amazonaws.com",
    ),
    (
        hosts("203.0.113.7", acme=OWN),
        'sites[0].hosts[0]: "203.0.113.7" is an address, and certificates are ordered for names; '
        "write a name that leads there",
    ),
    (hosts("localhost"), f'sites[0].hosts[0]: no public authority signs for "localhost"; {NOBODY}'),
    (hosts("shop.internal"), f'sites[0].hosts[0]: no public authority signs for "shop.internal"; {NOBODY}'),
    (
        order(make_site(aliases=["www.shop.localhost"])),
        f'sites[0].aliases[0]: no public authority signs for "www.shop.localhost"; {NOBODY}',
    ),
    (
        hosts(*(f"t{number}.shop.example" for number in range(101))),
        "sites[0]: has more than 100 host names, and one certificate holds no more",
    ),
    (
        order(make_site(routes=[{"path": "/.well-known/acme-challenge/"}])),
        'sites[0].routes[0].path: "/.well-known/acme-challenge/" is where the authority of tls.acme checks a name; '
        "write the `certificate` of the site instead, or remove the route",
    ),
    (
        order(target="ecs", ecs={"region": "eu-central-1"}),
        "tls: is the load balancer's on ecs; write ecs.certificate or ecs.dns instead",
    ),
]


@pytest.mark.parametrize(("values", "line"), [pytest.param(*row, id=row[1][:70]) for row in ROWS])
def test_what_cannot_be_ordered_is_refused(root: Path, values: dict[str, Any], line: str) -> None:
    (root / "own.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    assert refuse(root, values) == [line]


def test_an_authority_of_ones_own_may_sign_for_any_name(root: Path) -> None:
    assert read_settings(root, make_site(hosts=["shop", "shop.internal"]), tls={"acme": OWN}).ordered


ACCOUNT = [
    (None, "is required for tls.acme.eab; set it: pulumi config set --secret portico:eabKey"),
    ("short", "is not a key in base64url; set it as the authority shows it: only letters, digits, _ and -"),
    (7, "is not a key in base64url; set it as the authority shows it: only letters, digits, _ and -"),
]


@pytest.mark.parametrize(("key", "text"), ACCOUNT, ids=["none", "short", "a number"])
def test_an_account_elsewhere_needs_its_key(root: Path, key: Any, text: str) -> None:
    values = order(acme=OWN | {"eab": "key-1"}) | ({} if key is None else {"eabKey": key})
    with pytest.raises(Mistakes) as caught:
        make_plan(values, root)
    assert [str(one) for one in caught.value.all] == [f"eabKey: {text}"]


def test_a_key_without_its_account_is_refused(root: Path) -> None:
    with pytest.raises(Mistakes, match="which names no account"):
        make_plan(order() | {"eabKey": "a" * 40}, root)


def test_the_client_alone_gets_the_key(root: Path) -> None:
    plan = make_plan(order(acme=OWN | {"eab": "key-1"}) | {"eabKey": "a" * 40}, root)
    assert plan.private.client == {"eab": f"eab-kid = key-1\neab-hmac-key = {'a' * 40}\n"}
    assert "a" * 40 not in repr(plan) and not plan.private.files and plan.private.digest == ""
    assert not any("key-1" in text for text in plan.render().files.values())


DNS_KEY = [
    (None, "is required for tls.acme.dns; set it: pulumi config set --secret portico:dnsKey"),
    ("short", "is not a secret access key; set it as AWS shows it, with letters, digits, /, + and = only"),
    (["a" * 40], "is not a secret access key; set it as AWS shows it, with letters, digits, /, + and = only"),
    ("a" * 40 + "\nx", "is not a secret access key; set it as AWS shows it, with letters, digits, /, + and = only"),
]


@pytest.mark.parametrize(("key", "text"), DNS_KEY, ids=["none", "short", "a list", "two lines"])
def test_route53_needs_its_key(root: Path, key: Any, text: str) -> None:
    values = hosts("*.shop.example", acme=STAR) | ({} if key is None else {"dnsKey": key})
    with pytest.raises(Mistakes) as caught:
        make_plan(values, root)
    assert [str(one) for one in caught.value.all] == [f"dnsKey: {text}"]


def test_a_key_for_route53_without_the_setting_is_refused(root: Path) -> None:
    with pytest.raises(Mistakes, match=r"is for tls\.acme\.dns, which is not set"):
        make_plan(order() | {"dnsKey": "a" * 40}, root)


def test_the_client_alone_gets_the_key_for_route53(root: Path) -> None:
    plan = make_plan(hosts("*.shop.example", acme=STAR) | {"dnsKey": "b" * 40}, root)
    (text,) = plan.private.client.values()
    assert text.splitlines()[1:] == [
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        f"aws_secret_access_key = {'b' * 40}",
    ]
    assert "b" * 40 not in repr(plan) and "b" * 40 not in " ".join(write_words(plan.settings))
    assert not any("b" * 40 in text for text in plan.render().files.values())


def test_a_name_that_a_star_stands_for_is_not_ordered_besides(root: Path) -> None:
    """Let's Encrypt refuses an order for both."""
    names = ["shop.example", "*.shop.example", "www.shop.example", "a.b.shop.example"]
    (site,) = read_settings(root, make_site(hosts=names), tls={"acme": STAR}).sites
    assert list_ordered(site) == ("shop.example", "*.shop.example", "a.b.shop.example")
    assert covers(list_ordered(site), "www.shop.example") and not covers(["*.shop.example"], "shop.example")
    assert not covers(["*.shop.example"], "a.b.shop.example")


def test_nobody_asks_port_80_where_all_names_are_proven_by_dns(root: Path) -> None:
    site = make_site(hosts=["shop.example", "*.shop.example"])
    assert "write port: 80" in advise_ports(read_settings(root, site, tls={"acme": STAR}, address="0.0.0.0", port=81))
    everything = ACME | {"dns": ROUTE53 | {"names": "all"}}
    assert advise_ports(read_settings(root, site, tls={"acme": everything}, address="0.0.0.0", port=81)) == ""


def test_no_key_lies_here(root: Path) -> None:
    """The volume has it: neither Pulumi's state nor this machine."""
    assert read_private(read_settings(root, tls={"acme": ACME}), root) == Private()
    assert list_client_files(read_settings(root, tls={"acme": ACME}), root) == {}


@pytest.mark.parametrize(
    ("stack", "said"),
    [
        ({"address": "127.0.0.1", "port": 80}, "this machine alone; write address: 0.0.0.0"),
        ({"address": "0.0.0.0", "port": 8080}, "NGINX is published on 8080; write port: 80"),
        ({"address": "0.0.0.0", "port": 80}, ""),
    ],
    ids=str,
)
def test_whom_the_authority_cannot_ask_is_reported(root: Path, stack: dict[str, Any], said: str) -> None:
    reported = advise_ports(read_settings(root, tls={"acme": ACME}, **stack))
    assert said in reported and bool(said) == bool(reported)
    assert advise_ports(read_settings(root, tls={"acme": OWN}, **stack)) == ""
    assert advise_ports(read_settings(root, **stack)) == ""


def test_both_ports_are_answered_by_one_server(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, make_site(users={"ann": HASH}), tls={"acme": ACME, "port": 443})
    (server,) = servers_of(main, "shop.example")
    assert server.all("listen") == [("8080",), ("8443", "ssl")]
    assert server.get("ssl_reject_handshake") == "on" and not server.all("ssl_certificate")
    text = render(root, tls={"acme": ACME}).files["conf.d/shop.conf"]
    assert "    include     /srv/certificates/live/shop/certificate.conf;" in text
    assert "    include /srv/certificates/live/shop/names.map;" in text
    (challenge,) = (one for one in server.find("location") if one.args[-1] == "/.well-known/acme-challenge/")
    assert challenge.get("root") == "/srv/challenges" and challenge.get("auth_basic") == "off"
    (lead,) = (one for one in server.find("if") if one.args != ("$forged",))
    assert lead.args[-1].strip("()") == "$lead_shop" and lead.get("return") == "308 https://$host$request_uri"


def test_aliases_answer_challenges_too(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, make_site(aliases=["www.shop.example"]), tls={"acme": ACME})
    (server,) = servers_of(main, "www.shop.example")
    (challenge, rest) = server.find("location")
    assert challenge.get("root") == "/srv/challenges"
    # The name that it leads to may have no certificate yet, so the scheme stays.
    assert rest.get("return") == "308 $scheme://shop.example$asked_port$request_uri"


@pytest.mark.parametrize("tls", [{"acme": ACME | {"staging": True}}, {"acme": ACME, "redirect": False}], ids=str)
def test_nobody_is_led_to_what_no_browser_trusts(root: Path, tmp_path: Path, tls: dict[str, Any]) -> None:
    (server,) = servers_of(parse(root, tmp_path, tls=tls), "shop.example")
    assert [one.args for one in server.find("if")] == [("$forged",)]
    assert server.all("listen") == [("8080",), ("8443", "ssl")]
    sent = {name for name, *_ in server.all("add_header")}
    assert ("Strict-Transport-Security" in sent) == ("staging" not in tls["acme"])


def test_a_name_that_is_not_served_yet_answers_challenges_and_nothing_else(root: Path, tmp_path: Path) -> None:
    main = parse(root, tmp_path, tls={"acme": ACME})
    plain, secure = servers_of(main, "_")
    challenge, rest = plain.find("location")
    assert challenge.get("root") == "/srv/challenges" and rest.get("return") == "444"
    assert secure.get("return") == "444" and not secure.find("location")


def test_a_site_with_its_own_certificate_stays_as_it_was(root: Path, tmp_path: Path) -> None:
    own = {"certificate": {"certificate": "shop.crt", "key": "shop.key"}}
    main = parse(root, tmp_path, make_site(**own), tls={"acme": ACME})
    server = server_of(main)
    assert server.all("listen") == [("8443", "ssl")] and not server.all("ssl_reject_handshake")
    assert not any(
        "acme-challenge" in text for text in render(root, make_site(**own), tls={"acme": ACME}).files.values()
    )
