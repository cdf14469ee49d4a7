"""What is made where certificates are ordered: two volumes, a client, and ways to both."""

from pathlib import Path
from typing import Any

import pytest

from tests.components.recorder import CONTAINER, Recorder, Resource, list_texts
from tests.components.sample import BLOG, deploy
from tests.config.sample import SHOP, make_site, write_files

ACME = {"email": "ops@shop.example"}
VOLUME, IMAGE = "docker:index/volume:Volume", "docker:index/remoteImage:RemoteImage"
SITES = (make_site(aliases=["www.shop.example"]), BLOG | {"hosts": ["blog.example"]})


def make(root: Path, *sites: Any, acme: dict[str, Any] | None = None, **stack: Any) -> Recorder:
    tls = {"port": 443, "acme": ACME | (acme or {})}
    return deploy(root, *(sites or SITES), address="0.0.0.0", port=80, tls=tls, **stack)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Recorder:
    root = tmp_path_factory.mktemp("root")
    write_files(root / "shop", SHOP)
    return make(root)


@pytest.fixture
def client(made: Recorder) -> Resource:
    return made.container("portico-certificates-client")


def test_nothing_of_it_is_made_without(root: Path) -> None:
    made = deploy(root, *SITES)
    assert not [one for one in made.of_type(VOLUME) if "certificates" in one.name or "challenges" in one.name]
    assert not [one for one in made.of_type(CONTAINER) if "certificates" in one.name]
    assert "/srv/certificates" not in made.container("portico-nginx-server").mounts
    assert not any(text.startswith("ORDERED=") for text in made.container("portico-check-nginx-t").inputs["envs"])


def test_the_volume_of_certificates_outlives_the_stack(made: Recorder) -> None:
    kept = made.find(VOLUME, "portico-certificates")
    assert kept.retained and kept.inputs["name"] == "portico.test.ordered_certificates"
    assert not made.find(VOLUME, "portico-challenges").retained


def test_nginx_reads_challenges_and_chooses_certificates(made: Recorder) -> None:
    nginx = made.container("portico-nginx-server")
    assert nginx.mounts["/srv/challenges"].startswith("ro:")
    assert not nginx.mounts["/srv/certificates"].startswith("ro:")
    assert nginx.inputs["entrypoints"][:2] == ["sh", "-c"] and nginx.inputs["entrypoints"][3:6] == [
        "edge",
        "perl",
        "-e",
    ]


def test_whoever_asks_nginx_sees_the_certificates(made: Recorder) -> None:
    for name in ("portico-check-nginx-t", "portico-release-switch"):
        assert "/srv/certificates" in made.container(name).mounts
    assert "ORDERED=shop blog" in made.container("portico-check-nginx-t").inputs["envs"]


def test_the_client_orders_for_every_name(client: Resource) -> None:
    reported = client.inputs["entrypoints"][-1]
    assert '"sites": {"shop": ["shop.example", "www.shop.example"], "blog": ["blog.example"]}' in reported
    assert "https://acme-v02.api.letsencrypt.org/directory" in reported and "ops@shop.example" in reported


def test_the_client_has_no_powers(client: Resource) -> None:
    assert client.inputs["user"] == "102:101" and client.inputs["readOnly"] is True
    assert client.inputs["capabilities"] == {"drops": ["ALL"]}
    assert client.inputs["securityOpts"] == ["no-new-privileges:true"]
    assert set(client.mounts) == {"/srv/certificates", "/srv/challenges"}
    assert not client.inputs.get("ports") and client.inputs["memory"] == client.inputs["memorySwap"]
    assert {"noexec", "nosuid", "nodev"} <= set(client.inputs["tmpfs"]["/tmp"].split(","))


def test_there_are_never_two_clients(client: Resource) -> None:
    assert client.delete_before_replace and client.inputs["restart"] == "unless-stopped"


def test_its_image_is_built_by_hashes(made: Recorder, root: Path) -> None:
    (image,) = (one for one in made.of_type(IMAGE) if "acme_client" in one.inputs["name"])
    assert image.inputs["build"]["context"].startswith(".portico/contexts/acme_client-")
    make(root)
    (folder,) = (root / ".portico" / "contexts").glob("acme_client-*")
    assert "--require-hashes" in (folder / "Dockerfile").read_text()
    assert "certbot==5.8.0" in (folder / "certbot.lock").read_text()


def test_a_site_with_a_certificate_of_its_own_orders_none(root: Path) -> None:
    for name in ("a.crt", "a.key"):
        sign = "CERTIFICATE" if name == "a.crt" else "PRIVATE KEY"
        (root / name).write_text(f"-----BEGIN {sign}-----\nx\n-----END {sign}-----\n")
    own = SITES[0] | {"certificate": {"certificate": "a.crt", "key": "a.key"}}
    made = make(root, own, SITES[1])
    assert (
        '"sites": {"blog": ["blog.example"]}' in made.container("portico-certificates-client").inputs["entrypoints"][-1]
    )
    assert "ORDERED=blog" in made.container("portico-check-nginx-t").inputs["envs"]


def test_what_the_client_alone_may_read_travels_as_a_secret(root: Path) -> None:
    (root / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n")
    made = make(root, acme={"directory": "https://ca.example/dir", "caBundle": "ca.pem", "eab": "key-1"})
    check = made.container("portico-check-nginx-t")
    uploads = [one for one in check.inputs["uploads"] if one["file"].startswith("/client/")]
    assert {one["file"]: one["permissions"] for one in uploads} == {"/client/ca.pem": "0400", "/client/eab": "0400"}
    hidden = {text: secret for text, secret in list_texts(check.raw)}
    assert all(hidden[one["content"]] for one in uploads)
