"""Certificates for every name below one: proven by records of DNS at Route 53, beside names that are proven by HTTP.

The authority is a real one, and so is certbot with its plugin for Route 53, whose API is a double (route53.py).
"""

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.components.docker.container_command import run_in
from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.command import ROOT
from tests.docker.commands import PROJECT
from tests.docker.engine import Deployment, execute, free_port
from tests.docker.pebble import Pebble
from tests.docker.route53 import KEY, KEY_ID, Route53
from tests.docker.test_certificates import await_report, hurry, report, tls_port
from tests.docker.trusting import Trusting, await_trust, is_refused, shake

pytestmark = [pytest.mark.docker, pytest.mark.extended, pytest.mark.timeout(600)]

LIFE = 900  # seconds that a certificate is good for: longer than these tests, so that no renewal comes by itself
WRONG = "wJalrXUtnFEMIK7MDENGbPxRfiCYWRONGKEY0001"
# One site with names of both kinds, one of them of another zone than that at Route 53, and one without a star.
SITES = (
    small("shop", hosts=["shop.example", "*.shop.example", "shop.net.example"]),
    small("blog", hosts=["blog.example"]),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Iterator[Pebble]:
    with Pebble(folder, free_port(), LIFE) as found:
        yield found


@pytest.fixture(scope="module")
def route53(folder: Path, authority: Pebble) -> Iterator[Route53]:
    with Route53(folder, authority, "shop.example") as found:
        yield found


@pytest.fixture(scope="module")
def served(authority: Pebble, route53: Route53, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Deployed with a key that Route 53 does not know."""
    tls = {"port": free_port(), "acme": authority.acme | {"dns": route53.setting}}
    with Deployment(
        tmp_path_factory.mktemp("wildcards"), *SITES, address="0.0.0.0", tls=tls, port=authority.http
    ) as found:
        found.port = authority.http
        for site in SITES:
            write_small(found, site["name"])
        set_key(found, WRONG)
        found.up()
        yield found


def set_key(served: Deployment, key: str) -> None:
    served.pulumi("config", "set", "--stack", served.name, "--secret", f"{PROJECT}:dnsKey", key)


def read_status(served: Deployment) -> dict[str, Any]:
    reported = served.make("status", JSON="1").output
    found: dict[str, Any] = json.loads(reported[reported.index("{") :])["sites"]["shop"]["certificate"]
    return found


def test_a_key_that_route53_refuses_is_reported_and_holds_up_no_name_without_a_star(
    served: Deployment, authority: Pebble, route53: Route53
) -> None:
    port = tls_port(served)
    for host in ("shop.example", "shop.net.example", "blog.example"):
        await_trust(port, host, authority.root)
    error = await_report(served, "shop", "error", filled=True)
    assert error == (
        "Route 53 does not accept tls.acme.dns.accessKey with the secret portico:dnsKey: SignatureDoesNotMatch"
    )
    assert read_status(served)["error"] == error and report(served)["blog"]["error"] == ""
    said = served.make("status").output
    assert "no certificate yet for *.shop.example" in said
    assert "proven by HTTP-01: shop.example shop.net.example; DNS-01 with Route 53: *.shop.example" in said
    checked = served.check(fails=True).output
    assert "no certificate for *.shop.example (proven by DNS-01: *.shop.example): Route 53 does not accept" in checked
    # Until there is one, plain HTTP answers for it.
    assert get(served.port, "www.shop.example", "/whoami").status == 200
    assert route53.calls() == []


def test_with_the_right_key_a_page_on_any_name_is_trusted(
    served: Deployment, authority: Pebble, route53: Route53
) -> None:
    port = tls_port(served)
    with Trusting(port, "shop.example", authority.root) as asked:
        set_key(served, KEY)
        # The client starts again, and has waited long enough.
        served.up()
        hurry(served, "shop")
        begun = time.monotonic()
        await_trust(port, "any.shop.example", authority.root, most=120)
        print(f"\na page on a name with a star was trusted after {time.monotonic() - begun:.1f} s")
    assert asked.failed == []
    assert await_report(served, "shop", "error", filled=False) == ""
    assert sorted(report(served)["shop"]["names"]) == ["*.shop.example", "shop.example", "shop.net.example"]
    lead = get(served.port, "other.shop.example", "/whoami")
    assert (lead.status, lead.headers["location"]) == (308, f"https://other.shop.example:{port}/whoami")
    # A star stands for one label: nobody is led to what no browser would trust.
    deep = get(served.port, "a.b.shop.example", "/whoami")
    assert deep.status == 200 and is_refused(port, "any.blog.example")
    # The record is gone again, and only that of the star was written.
    changes = [call for call in route53.calls() if "change" in call]
    assert {call["name"].rstrip(".") for call in changes} == {"_acme-challenge.shop.example"}
    assert {call["type"] for call in changes} == {"TXT"} and changes[-1]["change"] == "DELETE"


def test_a_renewal_proves_each_name_again(served: Deployment, authority: Pebble) -> None:
    with Trusting(tls_port(served), "any.shop.example", authority.root) as asked:
        asked.await_serials(1)
        hurry(served, "shop")
        asked.await_serials(2, most=120)
    assert asked.failed == [] and await_report(served, "shop", "error", filled=False) == ""
    status = read_status(served)
    assert status["dns"] == ["*.shop.example"] and len(report(served)["shop"]["orders"]) >= 3


def test_the_policy_of_the_documents_allows_what_is_asked_and_nothing_else(route53: Route53) -> None:
    text = (ROOT / "docs" / "certificates.md").read_text().partition("```json\n")[2].partition("```")[0]
    statements = json.loads(text)["Statement"]

    def allows(statement: dict[str, Any], call: dict[str, str]) -> bool:
        conditions = statement.get("Condition", {"": {}}).get("ForAllValues:StringEquals", {}).items()
        prefix, asked = "route53:ChangeResourceRecordSets", {"NormalizedRecordNames": "name", "RecordTypes": "type"}
        return call["action"] in statement["Action"] and all(
            call[(asked | {"Actions": "change"})[key.removeprefix(prefix)]].rstrip(".") in values
            for key, values in conditions
        )

    calls = route53.calls()
    for call in calls:
        assert any(allows(one, call) for one in statements), call
    assert {call["action"] for call in calls} == {action for one in statements for action in one["Action"]}
    zones = {call["zone"] for call in calls if "zone" in call}
    assert zones == {route53.zone}


def test_the_key_is_where_the_client_alone_reads_it(served: Deployment) -> None:
    client = served.container("acme")
    inspected = json.dumps([one.attrs for one in served.engine.containers.list(all=True)])
    logs = [file.read_text(errors="replace") for file in (served.folder / "logs").iterdir()]
    said = [one.logs().decode(errors="replace") for one in (client, served.container("nginx"))]
    # What runs there, with its words and its variables.
    ran = "".join(str(one) for one in client.top(ps_args="axeww")["Processes"])
    images = [json.dumps(client.image.attrs), json.dumps(client.image.history())] if client.image else []
    for text in (inspected, served._state.read_text(), ran, *said, *logs, *images):
        assert KEY not in text and WRONG not in text
    assert execute(client, "stat", "-c", "%a %u:%g", "/srv/certificates/client/aws").strip() == "400 102:101"
    for role in ("nginx", "gunicorn"):
        one = served.containers(role)[0]
        code, said_there = run_in(one, ["cat", "/srv/certificates/client/aws"])
        assert code != 0 and KEY_ID not in str(said_there)
    rendered = served.folder / ".portico"
    assert subprocess.run(["grep", "-rqF", KEY, str(rendered)], check=False).returncode == 1


def test_the_preview_says_how_each_name_is_proven(served: Deployment) -> None:
    said = served.preview().output
    assert "*.shop.example is proven by DNS-01 with Route 53" in said
    assert "shop.net.example is proven by DNS-01" not in said


def test_all_names_are_proven_by_dns_where_it_is_said(served: Deployment, authority: Pebble, route53: Route53) -> None:
    acme = served.settings["tls"]["acme"]
    tls = served.settings["tls"] | {"acme": acme | {"dns": route53.setting | {"names": "all"}}}
    # A name that leads nowhere gets one anyway.
    authority.lose("away.shop.example")
    served.configure_site("shop", hosts=["shop.example", "away.shop.example"])
    served.configure(tls=tls)
    served.up()
    ends = time.monotonic() + 120
    while sorted(report(served)["shop"]["names"]) != ["away.shop.example", "shop.example"]:
        assert time.monotonic() < ends, report(served)["shop"]
        time.sleep(0.5)
    await_trust(tls_port(served), "away.shop.example", authority.root)
    assert report(served)["shop"]["dns"] == ["shop.example", "away.shop.example"]
    # The other site's zone is elsewhere: it goes on with what it has.
    assert shake(tls_port(served), "blog.example", authority.root)[0] == 200
