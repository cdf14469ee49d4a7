"""Ordered certificates, as people are informed of them: what there is, and what they have to see to."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner
from docker.errors import NotFound

from portico.cli.certificates import read_certificates
from portico.cli.commands import down
from portico.cli.prepare import Place
from portico.cli.spelling import MADE
from portico.components.docker import certificate_report
from portico.config.live.certificate import Certificate
from portico.config.settings.acme import LETS_ENCRYPT

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
HOSTS = ["shop.example", "www.shop.example"]


def make(*, days: float | None = 60, life: float = 90, names: list[str] | None = None, **reported: Any) -> Certificate:
    if days is not None:
        ends = NOW + timedelta(days=days)
        reported = {
            "ends": ends.isoformat(),
            "begins": (ends - timedelta(days=life)).isoformat(),
            "issuer": "R12",
            "names": HOSTS if names is None else names,
        } | reported
    return Certificate.read("shop", {"hosts": HOSTS} | reported)


TRIED: dict[str, Any] = {
    "error": "429",
    "tried": (NOW - timedelta(hours=1)).isoformat(),
    "next": (NOW + timedelta(hours=2)).isoformat(),
}
GOOD = "  certificate of R12 until 2027-03-02 (60 days), for shop.example www.shop.example"
ORDERED = "  ordered for the same names in the last 7 days: 0"
PROVEN = "  proven by HTTP-01: shop.example www.shop.example"
LAST = ["  the last try to get one failed (2027-01-01 11:00 UTC): 429", "  the next try: 2027-01-01 14:00 UTC"]


@pytest.mark.parametrize(
    ("one", "reported", "warned"),
    [
        (make(), [GOOD, ORDERED, PROVEN], []),
        (make(days=None), [PROVEN, "  no certificate yet for shop.example www.shop.example: plain HTTP answers"], []),
        (
            make(days=None, **TRIED),
            [PROVEN, "  no certificate yet for shop.example www.shop.example: plain HTTP answers", *LAST],
            ["shop: there is no certificate for shop.example www.shop.example: 429"],
        ),
        (
            make(names=HOSTS[:1], **TRIED),
            [
                "  certificate of R12 until 2027-03-02 (60 days), for shop.example",
                ORDERED,
                PROVEN,
                "  no certificate yet for www.shop.example: plain HTTP answers",
                *LAST,
            ],
            ["shop: there is no certificate for www.shop.example: 429"],
        ),
        (make(**TRIED), [GOOD, ORDERED, PROVEN, *LAST], []),
        (
            make(**TRIED, failures=3),
            [GOOD, ORDERED, PROVEN, *LAST],
            ["shop: its certificate is good, and could not be renewed 3 times: 429"],
        ),
        (
            make(days=9, **TRIED),
            [
                "  certificate of R12 until 2027-01-10 (9 days), for shop.example www.shop.example",
                ORDERED,
                PROVEN,
                *LAST,
            ],
            ["shop: its certificate is good until 2027-01-10 (9 days), and is not renewed yet: 429"],
        ),
        (
            make(days=-1, **TRIED),
            ["  certificate of R12 ended on 2026-12-31, for shop.example www.shop.example", ORDERED, PROVEN, *LAST],
            ["shop: its certificate ended on 2026-12-31, and is not renewed yet: 429"],
        ),
        (
            make(refused="[emerg] ee key too small"),
            [
                GOOD,
                ORDERED,
                PROVEN,
                "  NGINX rejects the newest one, and serves the one before it: [emerg] ee key too small",
            ],
            ["shop: NGINX rejects the newest certificate: [emerg] ee key too small"],
        ),
    ],
    ids=["good", "none yet", "none", "some", "not renewed once", "not renewed", "soon", "ended", "refused"],
)
def test_what_is_reported(one: Certificate, reported: list[str], warned: list[str]) -> None:
    assert list(one.tell(NOW)) == reported
    assert list(one.warn(NOW)) == warned


def test_how_a_name_with_a_star_is_proven_is_reported() -> None:
    one = make(names=HOSTS[:1], hosts=["shop.example", "*.shop.example"], dns=["*.shop.example"], **TRIED)
    assert "  proven by HTTP-01: shop.example; DNS-01 with Route 53: *.shop.example" in list(one.tell(NOW))
    assert list(one.warn(NOW)) == [
        "shop: there is no certificate for *.shop.example (proven by DNS-01: *.shop.example): 429"
    ]
    assert one.spell()["dns"] == ["*.shop.example"]
    both = make(names=["shop.example", "*.shop.example"])
    assert both.tell_host("www.shop.example", NOW)[0].startswith("Its certificate of R12 is good until")
    assert both.tell_host("a.b.shop.example", NOW)[0].startswith("It has no certificate yet")


def order(*days: float, names: list[str] | None = None) -> list[dict[str, Any]]:
    """Certificates that were given so many days ago."""
    return [{"begins": (NOW - timedelta(days=one)).isoformat(), "names": names or HOSTS[::-1]} for one in days]


@pytest.mark.parametrize(
    ("orders", "count", "warned"),
    [
        (order(1, 2, 6.9), 3, []),
        (order(1, 2, 7.1, 30), 2, []),
        # Others are counted for themselves.
        (order(1, 2) + order(1, 2, 3, names=HOSTS[:1]), 2, []),
        (
            order(6, 1, 2, 3, 4),
            5,
            [
                "shop: 5 certificates for the same names were ordered in 7 days, and Let's Encrypt gives 5: "
                "the next one may be refused until 2027-01-02 12:00 UTC"
            ],
        ),
    ],
    ids=["all", "some long ago", "some of other names", "too many"],
)
def test_orders_of_a_week_are_counted(orders: list[dict[str, Any]], count: int, warned: list[str]) -> None:
    one = make(orders=orders, server=LETS_ENCRYPT)
    reported = f"ordered for the same names in the last 7 days: {count} of the 5 that Let's Encrypt gives"
    assert f"  {reported}" in [*one.tell(NOW)] and [*one.warn(NOW)] == warned
    assert one.tell_host(HOSTS[0], NOW) == (
        f"Its certificate of R12 is good until 2027-03-02 (60 days); {reported}.",
        False,
    )
    assert len(one.spell()["orders"]) == len(orders)
    # Other authorities have other limits, which nobody here knows.
    assert [*make(orders=orders, server="https://ca.example/dir").warn(NOW)] == []


@pytest.mark.parametrize(
    ("one", "said", "wrong"),
    [
        (make(days=None), "It has no certificate yet.", False),
        (make(days=None, **TRIED), "It has no certificate yet: 429.", True),
        (
            make(names=HOSTS[1:], orders=order(1)),
            "It has no certificate yet; ordered for the same names in the last 7 days: 1.",
            False,
        ),
        (
            make(names=HOSTS[1:], orders=order(1, 2, 3, 4, 5), server=LETS_ENCRYPT),
            "It has no certificate yet; ordered for the same names in the last 7 days: 5 of the 5 that Let's Encrypt "
            "gives.",
            True,
        ),
        (make(names=HOSTS[1:]), "It has no certificate yet.", False),
        (
            make(days=9),
            "Its certificate of R12 is good until 2027-01-10 (9 days); ordered for the same names in the last 7 days: "
            "0.",
            True,
        ),
        (
            make(days=-1),
            "Its certificate of R12 ended on 2026-12-31; ordered for the same names in the last 7 days: 0.",
            True,
        ),
    ],
    ids=["none", "none, and why", "one this week", "too many", "another one's", "soon", "ended"],
)
def test_what_is_reported_of_one_host_name(one: Certificate, said: str, wrong: bool) -> None:
    assert one.tell_host(HOSTS[0], NOW) == (said, wrong)


@pytest.mark.parametrize(
    ("days", "life", "soon"),
    [(10.1, 90, False), (9.9, 90, True), (1.6, 6, False), (1.4, 6, True), (20, 45, False)],
    ids=str,
)
def test_soon_is_ten_days_or_a_quarter_of_a_short_life(days: float, life: float, soon: bool) -> None:
    assert make(days=days, life=life).ends_soon(NOW) == soon


def deployed(monkeypatch: pytest.MonkeyPatch, text: str | None) -> Any:
    def read(*_: Any) -> str:
        if text is None:
            raise NotFound("nothing is there")
        return text

    monkeypatch.setattr(certificate_report, "read_file", read)
    return SimpleNamespace(list_containers=lambda **_: [object()])


def test_they_are_read_off_the_clients_report(monkeypatch: pytest.MonkeyPatch) -> None:
    found = read_certificates(deployed(monkeypatch, json.dumps({"shop": {"hosts": HOSTS, "error": "429"}})))
    assert found["shop"].lacking == HOSTS and found["shop"].error == "429"
    assert found["shop"].spell()["error"] == "429" and json.dumps(found["shop"].spell())


@pytest.mark.parametrize("text", [None, "{half", ""], ids=["none", "half", "empty"])
def test_without_a_report_nothing_is_known(monkeypatch: pytest.MonkeyPatch, text: str | None) -> None:
    assert read_certificates(deployed(monkeypatch, text)) == {}


@pytest.mark.parametrize(
    ("words", "made", "removed", "said"),
    [
        ([], "", [], "portico down -s prod --certificates deletes them."),
        ([], "yes", [], "make down ENV=prod CERTIFICATES=yes deletes them."),
        (
            ["--certificates"],
            "",
            ["portico.prod.ordered_certificates"],
            "Deleted: the certificates, volume portico.prod",
        ),
    ],
    ids=["kept", "kept, by make", "deleted"],
)
def test_down_keeps_them_unless_it_is_reported_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], made: str, removed: list[str], said: str
) -> None:
    gone: list[str] = []
    monkeypatch.setenv(MADE, made)
    for name, stub in {
        "prepare": lambda _: Place(tmp_path, "prod"),
        "exists": lambda *_: True,
        "look_for_disk": lambda *_, **__: None,
        "find_kept": lambda *_, **__: ([], ["portico.prod.ordered_certificates"]),
        "is_protected": lambda _: False,
        "find_services": lambda _: [],
        "find_place": lambda *_: object(),
        "remove_volumes": lambda _, volumes: gone.extend(volumes),
        "settle": lambda *_: None,
        "_remove": lambda *_: None,
    }.items():
        monkeypatch.setattr(down, name, stub)
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", *words])
    assert result.exit_code == 0, result.output
    assert said in result.output and gone == removed


def test_none_can_be_deleted_where_there_are_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, stub in {
        "prepare": lambda _: Place(tmp_path, "prod"),
        "exists": lambda *_: True,
        "look_for_disk": lambda *_, **__: None,
        "find_kept": lambda *_, **__: ([], []),
    }.items():
        monkeypatch.setattr(down, name, stub)
    result = CliRunner().invoke(down.command, ["-s", "prod", "--yes", "--certificates"])
    assert "there are no certificates to delete" in result.output
