"""The client that orders certificates: what it asks for and when, and what it lays out."""

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container.certbot import Refused
from portico.components.in_container.certificate_store import Pair, read_pair
from portico.config.tls.local_ca import issue_certificate
from tests.components.certbot_scene import REFUSED, Scene, wait


def test_a_certificate_is_laid_out_whole(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example", "www.shop.example"]})
    scene.begin(shop=["shop.example", "www.shop.example"]).step()
    folder = scene.root / "offered" / "shop"
    assert {one.name for one in folder.iterdir()} == {"fullchain.pem", "key.pem", "certificate.conf", "names.map"}
    assert (folder / "names.map").read_text() == '"http shop.example" yes;\n"http www.shop.example" yes;\n'
    # By its own name, so that a certificate and a key of two pairs are never read together.
    assert (
        f"/srv/certificates/store/shop/{folder.readlink().name}/key.pem;" in (folder / "certificate.conf").read_text()
    )
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o640
    reported = scene.report()["shop"]
    assert (reported["error"], reported["failures"], reported["names"]) == ("", 0, ["shop.example", "www.shop.example"])
    assert reported["issuer"] == "Portico local authority" and reported["ends"]
    assert 4 * 3600 < wait(reported) < 8 * 3600


def test_every_name_is_asked_for_by_http(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    scene.begin(shop=["shop.example"]).step()
    ((verb, *words),) = scene.asked()
    assert verb == "certonly" and words[words.index("--server") + 1] == scene.server
    assert words[words.index("--webroot-path") + 1] == str(scene.folder / "challenges")
    assert words[words.index("--email") + 1] == "ops@shop.example" and words[-2:] == ["--domain", "shop.example"]
    assert {"--agree-tos", "--non-interactive", "--keep-until-expiring", "--allow-subset-of-names"} <= {*words}


def test_names_that_lead_here_do_not_wait_for_others(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]}, said=REFUSED)
    client = scene.begin(shop=["shop.example", "www.shop.example"])
    client.step()
    reported = scene.report()["shop"]
    assert reported["names"] == ["shop.example"] and reported["failures"] == 1
    assert reported["error"] == "www.shop.example: DNS problem: NXDOMAIN looking up A for www.shop.example"
    assert 40 < wait(reported) < 80
    # What is there is looked after meanwhile, and nothing is forgotten.
    client.report["shop"]["next"] = ""
    client.step()
    assert [words[0] for words in scene.asked()] == ["certonly", "renew"]
    assert scene.report()["shop"]["error"] == reported["error"] and scene.report()["shop"]["failures"] == 1
    # The next time it is for all of them or none: the same few would be ordered again and again.
    client.report["shop"].update(next="", later="")
    scene.tell(said=REFUSED, code=1)
    client.step()
    *_, again, renewal = scene.asked()
    assert "--allow-subset-of-names" not in again and renewal[0] == "renew"
    assert scene.report()["shop"]["failures"] == 2 and wait(scene.report()["shop"]) > 200


def test_a_site_that_fails_holds_up_no_other(scene: Scene) -> None:
    scene.tell(ready={"blog": ["blog.example"]}, said="An unexpected error occurred:\nConnectionError: refused", code=1)
    client = scene.begin(shop=["shop.example"], blog=["blog.example"])
    assert 1 <= client.step() < 20
    assert (scene.root / "offered" / "blog").exists() and not (scene.root / "offered" / "shop").exists()
    # An authority that cannot be reached counts nothing, so it is asked again soon.
    assert scene.report()["shop"]["error"] == "ConnectionError: refused" and wait(scene.report()["shop"]) < 15


def test_who_waits_longest_comes_first(scene: Scene) -> None:
    client = scene.begin(shop=["shop.example"], blog=["blog.example"])
    scene.tell()
    now = datetime.now(UTC)
    for site, seconds in (("shop", 1), ("blog", 100)):
        client.report[site]["next"] = (now - timedelta(seconds=seconds)).isoformat()
    client.step()
    assert [words[words.index("--cert-name") + 1] for words in scene.asked()] == ["blog", "shop"]


@pytest.mark.parametrize(
    ("life", "rest", "least", "most"),
    [
        (7200, 7100, 3400, 3600),
        (7200, 3500, 300, 400),
        (120, 119, 55, 60),
        (120, 50, 4, 7),
        (90 * 86400, 89 * 86400, 4 * 3600, 8 * 3600),
    ],
    ids=["two hours", "half of it gone", "two minutes", "half of them gone", "ninety days"],
)
def test_what_is_good_is_left_alone_for_half_of_its_life(
    scene: Scene, life: int, rest: int, least: int, most: int
) -> None:
    now = datetime.now(UTC)
    ends = now + timedelta(seconds=rest)
    pair = Pair("", "", ("shop.example",), "R12", ends - timedelta(seconds=life), ends, "1")
    client = scene.begin(shop=["shop.example"])
    client._note("shop", None, pair)
    assert least <= wait(client.report["shop"]) <= most


def test_what_is_there_is_kept_while_the_authority_fails(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()
    before = (scene.root / "offered" / "shop").readlink()
    scene.tell(said="urn:ietf:params:acme:error:rateLimited :: too many certificates", code=1)
    for failures in range(1, 8):
        client.report["shop"]["next"] = ""
        client.step()
        reported = scene.report()["shop"]
        assert (reported["failures"], reported["names"]) == (failures, ["shop.example"])
    assert "rateLimited" in reported["error"] and 2 * 3600 < wait(reported) < 4 * 3600
    assert (scene.root / "offered" / "shop").readlink() == before


def test_a_client_that_starts_again_does_not_ask_before_its_time(scene: Scene) -> None:
    scene.tell(said=REFUSED, code=1)
    scene.begin(shop=["shop.example"]).step()
    assert scene.begin(shop=["shop.example"]).step() > 30 and len(scene.asked()) == 1
    # Of other names, nobody has asked anything.
    scene.begin(shop=["shop.example", "new.shop.example"]).step()
    assert len(scene.asked()) == 2


def test_another_authority_is_asked_at_once_and_has_an_account_of_its_own(scene: Scene) -> None:
    scene.tell(said=REFUSED, code=1)
    scene.begin(shop=["shop.example"]).step()
    scene.server = "https://other.example/dir"
    scene.begin(shop=["shop.example"]).step()
    one, other = (next(word for word in words if word.startswith("--config-dir=")) for words in scene.asked())
    assert one != other


def test_a_renewed_certificate_takes_the_place_of_the_old_one(scene: Scene) -> None:
    client = scene.begin(shop=["shop.example"])
    found = []
    for _ in range(6):
        scene.tell(ready={"shop": ["shop.example"]})
        client.report["shop"]["next"] = ""
        client.step()
        found.append((scene.root / "offered" / "shop").readlink().name)
        if len(found) == 1:
            # NGINX takes no other one.
            (scene.root / "live" / "shop").symlink_to(f"../store/shop/{found[0]}")
    assert len(set(found)) == 6
    kept = {one.name for one in (scene.root / "store" / "shop").iterdir()}
    assert {found[0], *found[-3:]} <= kept and len(kept) <= 4


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda chain, key, other: (chain, other[1]), "the key is not that of the certificate"),
        (lambda chain, key, other: (chain[: chain.index("-----END") + 26], key), "the chain lacks"),
        (
            lambda chain, key, other: (
                chain[: chain.index("-----END") + 26] + other[0][other[0].rindex("-----BEGIN") :],
                key,
            ),
            "is not signed by the next one",
        ),
    ],
    ids=["another key", "no chain", "another chain"],
)
def test_what_does_not_fit_is_never_laid_out(tmp_path: Path, spoil: Any, why: str) -> None:
    chain, key = issue_certificate(tmp_path / "one", "shop", ["shop.example"])
    other = issue_certificate(tmp_path / "two", "shop", ["shop.example"])
    for name, text in zip(("chain", "key"), spoil(chain, key, other), strict=True):
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=why):
        read_pair(tmp_path / "chain", tmp_path / "key")


def test_what_a_killed_client_has_not_laid_out_is_laid_out_by_the_next_one(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    scene.begin(shop=["shop.example"]).step()
    before = (scene.root / "offered" / "shop").readlink()
    # Certbot had just ended when the client was killed: nothing is due any more.
    issued, client = scene.issue("shop", "shop.example"), scene.begin(shop=["shop.example"])
    for ours, theirs in (("crt", "fullchain.pem"), ("key", "privkey.pem")):
        shutil.copy(f"{issued}.{ours}", client.certbot.home / "live" / "shop" / theirs)
    scene.tell()
    client.report["shop"]["next"] = ""
    client.step()
    assert (scene.root / "offered" / "shop").readlink() != before


def test_orders_are_counted_over_a_new_start_and_other_names(scene: Scene) -> None:
    names = ["shop.example"]
    for number in range(1, 4):
        scene.tell(ready={"shop": names})
        client = scene.begin(shop=names)
        client.report["shop"]["next"] = ""
        client.step()
        client.step()
        assert [one["names"] for one in scene.report()["shop"]["orders"]] == [names] * number
    # One of long ago counts no more.
    client.report["shop"]["orders"][0]["begins"] = "2020-01-01T00:00:00+00:00"
    client.report["shop"]["next"] = ""
    client.step()
    assert len(scene.report()["shop"]["orders"]) == 2
    scene.tell(ready={"shop": ["new.example"]})
    scene.begin(shop=["new.example"]).step()
    assert [one["names"] for one in scene.report()["shop"]["orders"]] == [names, names, ["new.example"]]
    # Another authority counts for itself.
    scene.server = "https://other.example/dir"
    scene.tell(said=REFUSED, code=1)
    scene.begin(shop=["new.example"]).step()
    assert "orders" not in scene.report()["shop"]


def test_half_a_certificate_of_a_killed_client_is_taken_away(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    home = client.certbot.home
    (home / "live" / "shop").mkdir(parents=True)
    (home / "live" / "shop" / "fullchain.pem").write_text("half")
    (home / "archive" / "shop").mkdir(parents=True)
    client.step()
    assert not (home / "archive" / "shop").exists() and scene.report()["shop"]["error"] == ""


def test_what_nginx_does_not_take_is_reported(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()
    target = os.readlink(scene.root / "offered" / "shop")
    (scene.root / "live" / "shop.refused").write_text(f"{target}\n[emerg] ee key too small\n")
    client.step()
    assert scene.report()["shop"]["refused"] == "[emerg] ee key too small"


@pytest.mark.parametrize(
    ("life", "rest", "least", "most"),
    [
        (6 * 86400, 3 * 86400, 2 * 3600, 4 * 3600),
        (6 * 86400, 3600, 700, 1100),
        (7200, 600, 350, 370),
        (7200, 7100, 700, 711),
        (120, 40, 2, 7),
    ],
    ids=["half of six days", "six days, about to end", "two hours", "two hours, just begun", "two minutes"],
)
def test_there_are_several_tries_before_one_ends(scene: Scene, life: int, rest: int, least: int, most: int) -> None:
    """However often it failed before; and never so many that an authority is annoyed."""
    now = datetime.now(UTC)
    ends = now + timedelta(seconds=rest)
    pair = Pair("", "", ("shop.example",), "R12", ends - timedelta(seconds=life), ends, "1")
    client = scene.begin(shop=["shop.example"])
    client.report["shop"]["failures"] = 20
    client._note("shop", Refused("429", patient=True), pair)
    assert least <= wait(client.report["shop"]) <= most
