"""The client that orders certificates, in trouble: a full disk, a wrong clock, an authority that errs.

What certbot says there was written down of certbot 5.8.0 before pebble (tests/docker/gate.py). What becomes of it is
a table in docs/certificates.md.
"""

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portico.components.in_container import certificate_notes, certificates
from portico.components.in_container.certbot import explain
from portico.components.in_container.certificate_store import offer
from tests.components.certbot_scene import Scene, wait

STORE = "portico.components.in_container.certificate_store.datetime"
SOON = "An unexpected error occurred:\n"
REGISTER = "Unable to register an account with ACME server. "
POOL = "HTTPSConnectionPool(host='ca.example', port=443): Max retries exceeded with url: /dir (Caused by "


def set_clock(monkeypatch: pytest.MonkeyPatch, **ahead: float) -> None:
    """Let the client's clock be wrong."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(**ahead)

    monkeypatch.setattr(STORE, Wrong)
    monkeypatch.setattr(certificates, "datetime", Wrong)
    monkeypatch.setattr(certificate_notes, "datetime", Wrong)


@pytest.mark.parametrize(
    ("said", "why", "patient"),
    [
        ("boom\nAsk for help or search\nSee the log", "boom", True),
        (
            "acme.errors.ClientError: <Response [502]>",
            "the authority answers with status 502, and gives no reason",
            True,
        ),
        ("Service busy; retry later.", "Service busy; retry later.", True),
        (
            f"requests.exceptions.SSLError: {POOL}SSLError(SSLCertVerificationError(1, '[SSL: "
            "CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has expired (_ssl.c:1006)')))",
            "the certificate of the authority itself is not trusted: certificate has expired; check this machine's "
            "clock, "
            "and tls.acme.caBundle",
            False,
        ),
        (
            f"requests.exceptions.ConnectionError: {POOL}NewConnectionError('<urllib3.connection.HTTPSConnection "
            "object at 0x7f>: Failed to establish a new connection: [Errno 111] Connection refused'))",
            "the authority cannot be reached: Connection refused",
            False,
        ),
        (
            f"requests.exceptions.ConnectionError: {POOL}NameResolutionError(\"HTTPSConnection(host='ca.example', "
            "port=443): Failed to resolve 'ca.example' ([Errno -3] Temporary failure in name resolution)\"))",
            "the authority cannot be reached: Temporary failure in name resolution",
            False,
        ),
        (
            f"{REGISTER}Server requires external account binding. Please use --eab-kid and --eab-hmac-key.",
            "the authority gives certificates only to its customers; write tls.acme.eab, and set the secret "
            "portico:eabKey",
            True,
        ),
        (
            f"{REGISTER}Error returned by the ACME server: external account binding JWS verification error",
            "the authority does not accept tls.acme.eab with the secret portico:eabKey: external account binding JWS "
            "verification error",
            True,
        ),
        (
            f"{REGISTER}Error returned by the ACME server: the field 'kid' references a key that is not known",
            "the authority does not accept tls.acme.eab with the secret portico:eabKey: the field 'kid' references a "
            "key that is not known",
            True,
        ),
    ],
    ids=["words", "gateway", "busy", "clock", "away", "no DNS", "no EAB", "wrong EAB", "unknown EAB"],
)
def test_the_last_line_that_says_something_is_the_reason(said: str, why: str, patient: bool) -> None:
    reported = explain(f"Saving debug log to /tmp\n{SOON}{said}", failed=True)
    assert reported and (reported.why, reported.patient, reported.until) == (why, patient, None)


def test_what_is_not_due_is_no_failure() -> None:
    assert explain("Certificate not yet due for renewal", failed=False) is None


@pytest.mark.parametrize(
    ("hours", "least", "most"), [(5, 4.9, 5.1), (100, 23.9, 24.1), (-1, 0, 0.1)], ids=["hours", "days", "long ago"]
)
def test_a_limit_is_kept_to_as_the_authority_says(scene: Scene, hours: float, least: float, most: float) -> None:
    until = datetime.now(UTC) + timedelta(hours=hours)
    words = "too many certificates (5) already issued for this exact set of identifiers in the last 168h0m0s, retry "
    scene.tell(said=f"{SOON}{words}after {until:%Y-%m-%d %H:%M:%S} UTC: see https://ca.example/limits", code=1)
    scene.begin(shop=["shop.example"]).step()
    assert least * 3600 <= wait(scene.report()["shop"]) <= most * 3600


def test_who_refuses_an_order_is_not_asked_a_second_time_at_once(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()
    scene.tell(said="Service busy; retry later.", code=1)
    client.report["shop"]["next"] = ""
    client.step()
    assert [words[0] for words in scene.asked()] == ["certonly", "certonly"]
    assert scene.report()["shop"]["names"] == ["shop.example"]


def test_a_full_disk_is_said_and_tried_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.tell(ready={"shop": ["shop.example"]})

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(certificates, "offer", fail)
    client = scene.begin(shop=["shop.example"])
    assert client.step() < 20
    assert "No space left on device" in scene.report()["shop"]["error"]
    monkeypatch.setattr(certificates, "offer", offer)
    client.report["shop"]["next"] = ""
    client.step()
    assert scene.report()["shop"]["names"] == ["shop.example"]


def test_nothing_is_ordered_that_could_not_be_written_down(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authority counts each order: what is lost on a full disk would use up those of a week."""
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()

    def fail(file: Path, *_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as full:
        full.setattr(Path, "write_bytes", fail)
        full.setattr(Path, "write_text", fail)
        client.report["shop"]["next"] = ""
        assert client.step() < 20
    assert len(scene.asked()) == 1
    # What is there already is overwritten.
    reported = scene.report()["shop"]
    assert reported["error"] == "nothing was ordered, since nothing can be written there: No space left on device"
    assert reported["names"] == ["shop.example"]
    client.report["shop"]["next"] = ""
    client.step()
    assert scene.report()["shop"]["error"] == "" and not [*scene.root.glob(".r*")]


@pytest.mark.parametrize("text", ["", '{"bo'], ids=["empty", "half"])
def test_half_an_account_is_taken_away(scene: Scene, text: str) -> None:
    """Certbot would end with the same error forever."""
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    account = client.certbot.home / "accounts" / "ca.example" / "dir" / "1"
    account.mkdir(parents=True)
    (account / "private_key.json").write_text("{}")
    client.step()
    assert account.is_dir()
    (account / "regr.json").write_text(text)
    client.report["shop"]["next"] = ""
    client.step()
    assert not account.exists()


@pytest.mark.parametrize("file", ["live/shop/fullchain.pem", "live/shop/privkey.pem", "renewal/shop.conf"])
def test_half_of_what_certbot_keeps_is_taken_away(scene: Scene, file: str) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()
    (client.certbot.home / file).write_text("")
    scene.tell()
    client.report["shop"]["next"] = ""
    client.step()
    assert not (client.certbot.home / file).exists()


def test_one_that_has_ended_is_ordered_anew(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(days=900)

    monkeypatch.setattr(STORE, Later)
    client.report["shop"]["next"] = ""
    scene.tell(said="Max retries exceeded", code=1)
    client.step()
    # Whoever asks for it gets as many names as can be had again.
    assert "--allow-subset-of-names" in scene.asked()[-1]
    assert scene.report()["shop"]["names"] == []


@pytest.mark.parametrize(
    "said",
    ["Account https://ca.example/account/1 not found.", "urn:ietf:params:acme:error:accountDoesNotExist :: gone"],
)
def test_an_account_that_the_authority_has_forgotten_is_made_anew(scene: Scene, said: str) -> None:
    client = scene.begin(shop=["shop.example"])
    accounts = client.certbot.home / "accounts"
    accounts.mkdir(parents=True)
    scene.tell(said=said, code=1)
    client.step()
    assert not accounts.exists() and [words[0] for words in scene.asked()] == ["certonly", "certonly"]


def test_a_nonce_that_is_refused_is_no_reason_to_wait(scene: Scene) -> None:
    scene.tell(said="JWS has an invalid anti-replay nonce: _xkX3cIzH4Yh7f9ARoXz7A", code=1)
    scene.begin(shop=["shop.example"]).step()
    assert [words[0] for words in scene.asked()] == ["certonly", "certonly"]
    assert wait(scene.report()["shop"]) < 15


def test_a_clock_that_is_ahead_does_not_use_up_the_orders(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    client = scene.begin(shop=["shop.example"])
    client.step()
    offered = (scene.root / "offered" / "shop").readlink()
    with monkeypatch.context() as wrong:
        set_clock(wrong, days=900)
        client.report["shop"]["next"] = ""
        # Each one that is ordered has ended, as it seems here: one a day is enough to find out.
        assert 80000 < client.step() < 90000
    reported = scene.report()["shop"]
    assert (
        reported["error"].startswith("the new certificate cannot be used: it ended at 20")
        and "UTC here" in reported["error"]
    )
    # NGINX goes on with what it has, which is good.
    assert (scene.root / "offered" / "shop").exists() and offered
    # Set right, it is looked at at once: nobody waits for a time that is years away.
    client.step()
    assert scene.report()["shop"]["error"] == "" and scene.report()["shop"]["names"] == ["shop.example"]


def test_a_time_of_a_clock_that_was_set_back_is_no_reason_to_wait(scene: Scene) -> None:
    scene.tell(ready={"shop": ["shop.example"]})
    scene.begin(shop=["shop.example"]).step()
    report = scene.report()
    for key in ("next", "later"):
        report["shop"][key] = "2100-01-01T00:00:00+00:00"
    (scene.root / "report.json").write_text(json.dumps(report))
    scene.begin(shop=["shop.example"]).step()
    assert len(scene.asked()) == 2 and wait(scene.report()["shop"]) < 9 * 3600
