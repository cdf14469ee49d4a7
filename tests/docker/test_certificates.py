"""Certificates that are ordered: from nothing to a page that a client trusts, and what becomes of it in trouble.

The authority is a real one (pebble.py): it refuses some good requests, and asks NGINX for answers to its challenges.
"""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portico.components.docker.container_command import run_in
from portico.components.docker.container_file import read_file
from tests.docker.applications import small, write_small
from tests.docker.ask import get
from tests.docker.commands import PROJECT
from tests.docker.engine import Deployment, execute, free_port
from tests.docker.gate import LIMITED
from tests.docker.pebble import MAC_KEY, Pebble
from tests.docker.trusting import Trusting, await_trust, is_refused, shake

pytestmark = [pytest.mark.docker, pytest.mark.extended]

LIFE = 900  # seconds that a certificate is good for: longer than these tests, so that no renewal comes by itself
SITES = (
    small("shop", hosts=["shop.example"], aliases=["www.shop.example"]),
    small("blog", hosts=["blog.example"]),
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pebble]:
    # One that gives certificates to its customers alone.
    with Pebble(tmp_path_factory.mktemp("pebble"), free_port(), LIFE, eab=True) as found:
        yield found


@pytest.fixture(scope="module")
def served(authority: Pebble, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Two sites with three names, of which one does not lead here yet."""
    authority.lose("www.shop.example")
    tls = {"port": free_port(), "acme": authority.acme}
    with Deployment(
        tmp_path_factory.mktemp("certificates"), *SITES, address="0.0.0.0", tls=tls, port=authority.http
    ) as found:
        # The authority asks there.
        found.port = authority.http
        for site in ("shop", "blog"):
            write_small(found, site)
        found.pulumi("config", "set", "--stack", found.name, "--secret", f"{PROJECT}:eabKey", MAC_KEY)
        found.up()
        yield found


def tls_port(served: Deployment) -> int:
    return int(served.settings["tls"]["port"])


def report(served: Deployment) -> dict[str, Any]:
    # Not by a command there: once in a while the engine loses what one prints that ends at once.
    found: dict[str, Any] = json.loads(read_file(served.container("acme"), "/srv/certificates/report.json"))
    return found


def hurry(served: Deployment, *sites: str) -> None:
    """Let the client look at these sites now, as if their certificates were about to end."""
    client = served.container("acme")
    due = "-e '1i renew_before_expiry = 1 day' -e /^renew_before_expiry/d"
    execute(client, "sh", "-c", f"sed -i {due} /srv/certificates/client/*/renewal/*.conf")
    script = (
        "import json, sys; from pathlib import Path; file = Path('/srv/certificates/report.json'); "
        "reported = json.loads(file.read_text()); [reported[site].update(next='', later='') for site in sys.argv[1:]]; "
        "file.write_text(json.dumps(reported))"
    )
    execute(client, "python3", "-c", script, *sites)
    client.restart(timeout=30)


def await_report(served: Deployment, site: str, key: str, *, filled: bool, most: float = 60) -> Any:
    ends = time.monotonic() + most
    while bool(found := report(served)[site][key]) != filled:
        assert time.monotonic() < ends, f"{site}: {key} is {found!r} after {most} s"
        time.sleep(0.5)
    return found


@pytest.mark.timeout(300)
def test_from_nothing_to_a_page_that_a_client_trusts(served: Deployment, authority: Pebble) -> None:
    root, port = authority.root, tls_port(served)
    took = {host: await_trust(port, host, root) for host in ("shop.example", "blog.example")}
    print(f"\nafter the update a page was trusted after {took} s")
    # Who has a certificate is led to it, and asked to insist; who has none is answered as before.
    lead = get(served.port, "shop.example", "/whoami")
    assert (lead.status, lead.headers["location"]) == (308, f"https://shop.example:{port}/whoami")
    reported = json.loads(shake(port, "shop.example", root)[1])
    assert reported["site"] == "shop"
    assert is_refused(port, "nobody.example")
    alias = get(served.port, "www.shop.example", "/whoami")
    assert (alias.status, alias.headers["location"]) == (308, f"http://shop.example:{served.port}/whoami")
    # Its own address is no place to look for files.
    assert get(served.port, "shop.example", "/.well-known/acme-challenge/nothing").status == 404
    assert "www.shop.example" in await_report(served, "shop", "error", filled=True)


def test_the_key_is_in_no_state_and_nobody_elses(served: Deployment) -> None:
    nginx, store = served.container("nginx"), "/srv/certificates/live/shop"
    key = execute(nginx, "cat", f"{store}/key.pem")
    assert "PRIVATE KEY" in key
    for text in (served._state.read_text(), *(file.read_text() for file in (served.folder / "logs").iterdir())):
        assert key.splitlines()[1] not in text
    assert MAC_KEY not in served._state.read_text()
    assert execute(nginx, "stat", "-Lc", "%a %u:%g", f"{store}/key.pem").strip() == "640 102:101"
    # NGINX's user may neither read the account's key nor change what the client has laid out.
    for words in (["ls", "/srv/certificates/client"], ["touch", f"{store}/key.pem"], ["touch", "/srv/certificates/x"]):
        assert run_in(nginx, words).code != 0, words
    assert run_in(served.container("gunicorn", "shop"), ["ls", "/srv/certificates"]).code != 0


@pytest.mark.timeout(300)
def test_a_name_that_leads_here_at_last_is_added(served: Deployment, authority: Pebble) -> None:
    authority.find("www.shop.example")
    hurry(served, "shop")
    await_trust(tls_port(served), "www.shop.example", authority.root)
    assert await_report(served, "shop", "error", filled=False) == ""


@pytest.mark.timeout(400)
def test_renewals_and_a_release_lose_nothing(served: Deployment, authority: Pebble) -> None:
    nginx, before = served.container("nginx").id, set(served.outputs()["releases"].values())
    with Trusting(tls_port(served), "shop.example", authority.root) as asked:
        for number in range(2, 6):
            if number == 4:
                served.edit("shop", "# another release")
                served.up()
            asked.await_serials(number - 1)
            hurry(served, "shop")
        asked.await_serials(5)
    print(f"\n{asked.sent} handshakes, {len(asked.serials)} certificates, {len(asked.releases)} releases")
    assert asked.failed == [] and len(asked.releases) == 2 and asked.releases & before
    # A renewal is no release, and no release touches the client.
    assert served.container("nginx").id == nginx
    assert served.check().code == 0


@pytest.mark.timeout(300)
def test_while_the_authority_is_away_the_last_one_is_served(served: Deployment, authority: Pebble) -> None:
    with Trusting(tls_port(served), "blog.example", authority.root) as asked:
        authority.stop()
        try:
            hurry(served, "blog")
            error = await_report(served, "blog", "error", filled=True, most=90)
            reported = served.make("status", JSON="1").output
        finally:
            authority.start()
        asked.root = authority.root
        print(f"\nwhile the authority was away: {error}")
        assert json.loads(reported[reported.index("{") :])["sites"]["blog"]["certificate"]["error"] == error
        # It comes back by itself.
        await_report(served, "blog", "error", filled=False, most=120)
    assert asked.failed == []


@pytest.mark.timeout(300)
def test_a_limit_of_the_authority_is_reported_and_kept_to(served: Deployment, authority: Pebble) -> None:
    await_trust(tls_port(served), "blog.example", authority.root)
    with Trusting(tls_port(served), "blog.example", authority.root) as asked, authority.trouble(LIMITED) as gate:
        gate.asked.clear()
        hurry(served, "blog")
        assert "too many certificates" in await_report(served, "blog", "error", filled=True)
        # Asked once. The next try is not before its time, and before this one ends.
        assert gate.asked.count("/order-plz") == 1
        reported = served.preview().output
        assert "Its certificate of Pebble" in reported and "ordered for the same names in the last 7 days: " in reported
    assert asked.failed == []
    hurry(served, "blog")
    await_report(served, "blog", "error", filled=False)


@pytest.mark.timeout(300)
def test_a_client_that_is_killed_goes_on(served: Deployment, authority: Pebble) -> None:
    with Trusting(tls_port(served), "shop.example", authority.root) as asked:
        asked.await_serials(1)
        for pause in (1.0, 3.0):
            seen = len(asked.serials)
            hurry(served, "shop")
            # In the middle of an order, or just after it.
            time.sleep(pause)
            os.kill(int(served.container("acme").attrs["State"]["Pid"]), signal.SIGKILL)
            asked.await_serials(seen + 1)
    assert asked.failed == [] and report(served)["shop"]["error"] == ""


@pytest.mark.timeout(400)
def test_names_come_and_go_without_a_gap_for_the_others(served: Deployment, authority: Pebble) -> None:
    with Trusting(tls_port(served), "shop.example", authority.root) as asked:
        served.configure_site("shop", hosts=["shop.example", "new.example"], aliases=[])
        served.up()
        # Until it has a certificate, it answers by plain HTTP, which leads nowhere.
        await_trust(tls_port(served), "new.example", authority.root)
        assert sorted(report(served)["shop"]["names"]) == ["new.example", "shop.example"]
    assert asked.failed == []


@pytest.mark.timeout(400)
def test_down_keeps_the_certificates_and_the_next_up_has_them_at_once(
    served: Deployment, authority: Pebble, tmp_path: Path
) -> None:
    issued = authority.said().count("Issued certificate")
    authority.stop()
    try:
        down = served.destroy(door="make")
        assert f"Kept: the certificates, volume portico.{served.name}.ordered_certificates" in down.output
        served.up()
        assert shake(tls_port(served), "shop.example", authority.root)[0] == 200
    finally:
        authority.start()
    assert authority.said().count("Issued certificate") == issued
    gone = served.make("down", CERTIFICATES="yes")
    assert "Deleted: the certificates" in gone.output and served.leftovers() == []
