"""The client that orders certificates, where a name has a star: who proves what, and what is had without the rest."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container import certbot
from portico.components.in_container.certbot import Certbot, Refused, explain, lead_to_route53
from portico.components.in_container.certificates import Client
from tests.components.certbot_scene import Scene

BOTH = ["shop.example", "*.shop.example"]
ADVICE = "To use certbot-dns-route53, configure credentials as described at https://boto3.readthedocs.io\n"
DENIED = (
    "An error occurred (AccessDenied) when calling the ListHostedZones operation: User: arn:aws:iam::1:user/u is not\n"
)


@pytest.fixture(autouse=True)
def _keep_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))


def begin(scene: Scene, names: str = "wildcards", **sites: list[str]) -> Client:
    (scene.root / "client").mkdir(parents=True, exist_ok=True)
    reported: dict[str, Any] = {"server": scene.server, "email": "ops@shop.example", "sites": sites}
    return Client(reported | {"dns": {"names": names, "endpoint": ""}}, scene.root, scene.folder / "challenges")


def list_domains(words: Sequence[str]) -> list[str]:
    return [words[place + 1] for place, word in enumerate(words) if word == "--domain"]


@pytest.mark.parametrize(
    ("dns", "names", "way"),
    [
        ("", ["shop.example"], "--webroot"),
        ("wildcards", ["shop.example"], "--webroot"),
        ("wildcards", ["*.shop.example"], "dns-route53"),
        ("wildcards", BOTH, "portico-proofs"),
        ("all", ["shop.example"], "dns-route53"),
        ("all", BOTH, "dns-route53"),
    ],
)
def test_each_certificate_is_proven_as_its_names_can_be(scene: Scene, dns: str, names: list[str], way: str) -> None:
    scene.tell()
    client = begin(scene, dns, shop=names) if dns else scene.begin(shop=names)
    client.certbot.order("shop", names, some=True)
    (words,) = scene.asked()
    assert way in words and {"--webroot", "dns-route53", "portico-proofs"} & {*words} == {way}
    # Certbot refuses that where a name has a star.
    assert ("--allow-subset-of-names" in words) == ("*.shop.example" not in names)
    assert client.report["shop"]["dns"] == [name for name in names if dns == "all" or (dns and "*" in name)]


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        (DENIED + ADVICE, ["shop.example", "shop.net.example"]),
        ("Identifier: shop.net.example\n Type: dns\n Detail: no A record\n", BOTH),
        # An authority names it without its star.
        ("Identifier: other.example\n Type: dns\n Detail: no TXT record\n", ["shop.example", "shop.net.example"]),
        ("acme.errors.ClientError: <Response [502]>\n", None),
    ],
    ids=["Route 53 refuses", "a name leads elsewhere", "the record is not seen", "the authority fails"],
)
def test_what_fails_holds_up_nothing_else_before_the_first_one(scene: Scene, said: str, rest: list[str] | None) -> None:
    star = "*.other.example" if "other" in said else "*.shop.example"
    wanted = ["shop.example", star, "shop.net.example"]
    scene.tell(said=said, code=1)
    begin(scene, shop=wanted).step()
    first, *more = [list_domains(words) for words in scene.asked()]
    assert first == wanted and more == ([] if rest is None else [rest])


def test_once_there_is_one_nothing_less_is_ordered(scene: Scene) -> None:
    scene.tell(ready={"shop": BOTH})
    client = begin(scene, shop=BOTH)
    client.step()
    scene.tell(said=DENIED + ADVICE, code=1)
    client.report["shop"]["next"] = ""
    client.step()
    assert [list_domains(words) for words in scene.asked()] == [BOTH, BOTH]
    assert "give it the policy in docs/certificates.md" in scene.report()["shop"]["error"]


@pytest.mark.parametrize(
    ("said", "why", "patient"),
    [
        (
            "An error occurred (InvalidClientTokenId) when calling the ListHostedZones operation: The security token "
            f"included in the request is invalid.\n{ADVICE}",
            "Route 53 does not accept tls.acme.dns.accessKey with the secret portico:dnsKey: InvalidClientTokenId",
            True,
        ),
        (
            DENIED + ADVICE,
            "the access key of tls.acme.dns may not call ListHostedZones at Route 53; give it the policy in "
            "docs/certificates.md",
            True,
        ),
        (
            "Unable to find a Route53 hosted zone for _acme-challenge.shop.example",
            "Route 53 has no public hosted zone for _acme-challenge.shop.example in the account of "
            "tls.acme.dns.accessKey",
            True,
        ),
        (
            "botocore.exceptions.EndpointConnectionError: Could not connect to the endpoint URL: "
            '"https://route53.amazonaws.com/2013-04-01/hostedzone"',
            "Route 53 cannot be reached: https://route53.amazonaws.com/2013-04-01/hostedzone",
            False,
        ),
        (
            f"An error occurred (Throttling) when calling the ListHostedZones operation: Rate exceeded\n{ADVICE}",
            "Route 53 answers with an error: Throttling",
            True,
        ),
    ],
)
def test_what_route53_says_is_reported_in_plain_words(said: str, why: str, patient: bool) -> None:
    assert explain(f"Saving debug log to /tmp/x\n{said}\nAsk for help", failed=True) == Refused(why, patient, dns=True)


def test_the_library_of_route53_finds_one_key_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certbot, "AUTHORITIES", tmp_path / "authorities.pem")
    (tmp_path / "ca.pem").write_text("-----OWN-----\n")
    lead_to_route53(tmp_path, "")
    assert os.environ["AWS_SHARED_CREDENTIALS_FILE"] == str(tmp_path / "aws")
    # A VM would lend its own role.
    assert os.environ["AWS_EC2_METADATA_DISABLED"] == "true" and "AWS_ENDPOINT_URL_ROUTE_53" not in os.environ
    trusted = Path(os.environ["AWS_CA_BUNDLE"]).read_text()
    assert trusted.endswith("-----OWN-----\n") and trusted.count("BEGIN CERTIFICATE") > 50
    lead_to_route53(tmp_path, "https://route53-fips.amazonaws.com")
    assert os.environ["AWS_ENDPOINT_URL_ROUTE_53"] == "https://route53-fips.amazonaws.com"


def test_a_lead_for_a_star_is_for_one_label(scene: Scene) -> None:
    scene.tell(ready={"shop": BOTH})
    begin(scene, shop=BOTH).step()
    lines = (scene.root / "offered" / "shop" / "names.map").read_text().splitlines()
    assert lines == ['"http shop.example" yes;', r'"~^http [^.]+\.shop\.example$" yes;']


def test_another_way_to_prove_them_is_remembered(scene: Scene) -> None:
    scene.tell(ready={"shop": BOTH})
    begin(scene, shop=BOTH).step()
    client = Certbot(home=scene.root, server="", email="", challenges=scene.root, dns="all")
    assert client.list_by_dns(BOTH) == BOTH
    begin(scene, "all", shop=BOTH).step()
    assert scene.report()["shop"]["dns"] == BOTH and scene.report()["shop"]["orders"]
