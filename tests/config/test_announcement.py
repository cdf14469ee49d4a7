"""What an update is said to do, from what the one before it left."""

from dataclasses import replace
from typing import Any

import pytest

from portico.config.messages.change_summary import Change, Outcome, announce, recall

EDGE: dict[str, Any] = {"image": "nginx:1.26.3", "address": "::1", "port": 80, "tls_port": None, "http3": False}
BEFORE = Outcome(
    releases={"shop": "aaa", "blog": "bbb"},
    images={"shop": "portico/shop:1", "blog": "portico/blog:2"},
    tree="t1",
    edge={**EDGE, "parts": "p1"},
    memory=256,
)
REPLICAS = {"shop": 2, "blog": 1, "docs": 3}


def tell(before: Outcome | None = BEFORE, **changes: Any) -> list[tuple[str, str]]:
    after = replace(BEFORE, **changes)
    return [(change.kind, change.subject) for change in announce(before, after, REPLICAS)]


def text(**changes: Any) -> str:
    return "\n".join(map(str, announce(BEFORE, replace(BEFORE, **changes), REPLICAS)))


@pytest.mark.parametrize(
    ("changes", "faults", "reported"),
    [
        ({}, {"shop": [], "blog": []}, []),
        (
            {},
            {"shop": ["exited", "unhealthy"]},
            ["shop: 2 replicas are unhealthy (exited, unhealthy): others replace them once"],
        ),
        ({}, {"shop": ["gone", "gone"]}, ["shop: 2 replicas are unhealthy (gone): others replace them once"]),
        ({}, {"blog": ["unhealthy"]}, ["blog: a replica is unhealthy (unhealthy): another one replaces it once"]),
        ({"releases": {"shop": "ccc", "blog": "bbb"}, "tree": "t2"}, {"shop": ["gone"]}, ["shop: a new release"]),
        ({"repairs": 1}, {"shop": ["gone"]}, ["shop: a replica is unhealthy", "NGINX: its files were changed by hand"]),
    ],
    ids=["all are well", "two", "two alike", "one", "a new release anyway", "and files changed by hand"],
)
def test_replicas_that_are_not_well_are_reported(
    changes: dict[str, Any], faults: dict[str, list[str]], reported: list[str]
) -> None:
    lines = [str(change) for change in announce(BEFORE, replace(BEFORE, **changes), REPLICAS, faults)]
    assert len(lines) == len(reported)
    assert all(line.startswith(start) for line, start in zip(lines, reported, strict=True)), lines


@pytest.mark.parametrize(
    ("lost", "reported"),
    [
        (("gone", ""), "NGINX: its container is gone: another one starts. Until then requests get no answer."),
        (("", "exited"), "NGINX: the container that holds its port is exited: another one starts. Until then"),
        (("", ""), None),
    ],
)
def test_an_edge_that_is_lost_is_reported(lost: tuple[str, str], reported: str | None) -> None:
    lines = [*map(str, announce(BEFORE, BEFORE, REPLICAS, lost=lost))]
    assert [line[: len(reported or "")] for line in lines] == ([reported] if reported else [])
    # What is asked for anyway is reported instead.
    other = announce(BEFORE, replace(BEFORE, edge={**BEFORE.edge, "parts": "p2"}), REPLICAS, lost=lost)
    assert [change.text.split(",")[0] for change in other] == ["replaced"]


def test_a_first_update_has_no_replica_that_could_be_sick() -> None:
    assert [change.kind for change in announce(None, BEFORE, REPLICAS, {"shop": ["gone"]})] == ["first"] * 3


SHOP = {"shop": "ccc", "blog": "bbb"}
NEW = {"releases": SHOP, "tree": "t2"}
BUILT = {**NEW, "images": {**BEFORE.images, "shop": "portico/shop:9"}}
ADDED = {
    "releases": {**BEFORE.releases, "docs": "ddd"},
    "images": {**BEFORE.images, "docs": "portico/docs:1"},
    "tree": "t2",
}
IMAGE = {"edge": {**BEFORE.edge, "image": "nginx:1.30.6"}, "tree": "t2"}


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({}, []),
        ({"tree": "t2"}, [("reload", "NGINX")]),
        (NEW, [("rolling", "shop")]),
        (BUILT, [("rebuild", "shop")]),
        (ADDED, [("first", "docs")]),
        ({"releases": {"shop": "aaa"}, "images": {"shop": "portico/shop:1"}, "tree": "t2"}, [("removal", "blog")]),
        (IMAGE, [("interruption", "NGINX")]),
        ({**BUILT, **IMAGE}, [("rebuild", "shop"), ("interruption", "NGINX")]),
        ({"memory": 512}, [("update", "NGINX")]),
        ({"memory": 512, **IMAGE}, [("interruption", "NGINX")]),
        ({"repairs": 1}, [("reload", "NGINX")]),
    ],
    ids=str,
)
def test_each_change_is_reported_once(changes: dict[str, Any], reported: list[tuple[str, str]]) -> None:
    assert tell(**changes) == reported


@pytest.mark.parametrize(
    ("key", "value"), [*((key, EDGE[key]) for key in EDGE if key != "port"), ("parts", "p1"), ("owner", None)]
)
def test_whatever_nginxs_container_is_made_of_interrupts_where_it_holds_the_port(key: str, value: object) -> None:
    assert tell(edge={**BEFORE.edge, key: f"not {value}"}) == [("interruption", "NGINX")]


KEPT_OPEN = replace(BEFORE, edge={**BEFORE.edge, "owner": "o1"})


@pytest.mark.parametrize(("key", "value"), KEPT_OPEN.edge.items())
def test_where_another_container_holds_the_port_a_new_nginx_begins_beside_the_old_one(key: str, value: object) -> None:
    kind = "rolling" if key in ("image", "parts", "port") else "interruption"
    assert tell(KEPT_OPEN, edge={**KEPT_OPEN.edge, key: f"not {value}"}) == [(kind, "NGINX")]


@pytest.mark.parametrize("before", [BEFORE, KEPT_OPEN], ids=["NGINX holds it", "kept open for NGINX"])
@pytest.mark.parametrize(
    ("ports", "kind"),
    [
        ({"port": 81}, "rolling"),
        ({"port": 81, "address": "127.0.0.1", "tls_port": 443, "http3": True}, "rolling"),
        ({"port": 81, "owner": "o2"}, "rolling"),
        ({"port": 81, "tls_port": 80}, "interruption"),
        ({"tls_port": 443}, "interruption"),
        ({"address": "::"}, "interruption"),
        # Each needs a name of its own, which is its port.
        ({"address": "::2"}, "interruption"),
    ],
    ids=str,
)
def test_a_new_port_is_opened_beside_the_old_one_where_both_can_be_there(
    before: Outcome, ports: dict[str, Any], kind: str
) -> None:
    assert tell(before, edge={**before.edge, **ports}) == [(kind, "NGINX")]


def test_a_port_that_stays_a_part_of_what_is_published_is_no_new_one() -> None:
    before = replace(KEPT_OPEN, edge={**KEPT_OPEN.edge, "tls_port": 443})
    assert tell(before, edge={**before.edge, "port": 81}) == [("interruption", "NGINX")]


def test_what_becomes_of_requests_at_the_old_port_is_said() -> None:
    moved = "NGINX: replaced, since its port changes: the new port is open before the old one closes. No request waits."
    reported = [
        str(*announce(one, replace(one, edge={**one.edge, "port": 81}), REPLICAS)) for one in (KEPT_OPEN, BEFORE)
    ]
    assert reported == [moved, f"{moved} At the old one, requests that take longer than 0.2 s are cut."]


def test_what_is_not_set_is_no_output_and_says_nothing() -> None:
    edge = {key: value for key, value in KEPT_OPEN.edge.items() if value is not None}
    assert tell(replace(KEPT_OPEN, edge=edge), edge={**KEPT_OPEN.edge, "port": 81}) == [("rolling", "NGINX")]


def test_taking_over_is_said_to_keep_nobody_waiting_but_for_http3() -> None:
    reported = [
        str(announce(before, replace(before, edge={**before.edge, "image": "nginx:1.30.6"}), REPLICAS)[0])
        for before in (KEPT_OPEN, replace(KEPT_OPEN, edge={**KEPT_OPEN.edge, "http3": True}))
    ]
    assert reported[0] == (
        "NGINX: replaced, since its image changes (nginx:1.26.3 → nginx:1.30.6): the new one takes the port beside it. "
        "No request waits."
    )
    assert reported[1] == f"{reported[0]} HTTP/3 connections begin again."


@pytest.mark.parametrize(("before", "after"), [(BEFORE, KEPT_OPEN), (KEPT_OPEN, BEFORE)])
def test_a_port_that_changes_hands_is_an_interruption(before: Outcome, after: Outcome) -> None:
    (reported,) = announce(before, after, REPLICAS)
    assert reported.kind == "interruption" and "since how Portico holds its port changes: " in str(reported)


def test_the_first_update_adds_everything() -> None:
    assert tell(None) == [("first", "shop"), ("first", "blog"), ("first", "NGINX")]


def test_an_interruption_says_why_and_how_long() -> None:
    assert text(**IMAGE) == (
        "NGINX: replaced, since its image changes (nginx:1.26.3 → nginx:1.30.6): about 1.5 s without answers. "
        "Requests that take longer than 0.2 s are cut."
    )
    assert "since its image and its address change (" in text(edge={**BEFORE.edge, "image": "x", "address": "::2"})


def test_a_release_says_what_becomes_of_its_image_and_replicas() -> None:
    assert text(**BUILT) == (
        "shop: a new release (aaa → ccc): its image is built, 2 replicas start beside the old ones, "
        "then NGINX reloads. No request waits."
    )
    assert "its image is there already" in text(**NEW)
    assert "1 replica starts beside" in text(releases={"shop": "aaa", "blog": "x"})


def test_what_is_exported_is_what_is_recalled() -> None:
    live = {"releases": BEFORE.releases, "tree": BEFORE.tree}
    assert recall({**live, **BEFORE.export()}) == BEFORE


@pytest.mark.parametrize("previous", [{}, {"releases": {"shop": "a"}, "tree": "t"}])
def test_before_the_first_update_there_is_nothing_to_recall(previous: dict[str, object]) -> None:
    assert recall(previous) is None


def test_a_change_is_one_line() -> None:
    assert str(Change("reload", "NGINX", "reload.")) == "NGINX: reload."


def test_of_an_image_that_is_there_nobody_says_that_it_is_built() -> None:
    before = replace(BEFORE, releases={"blog": "bbb"}, kept={"shop": {BEFORE.images["shop"]}})
    (change,) = announce(before, BEFORE, REPLICAS)
    assert change.text.startswith("added: its image is there already, 2 replicas start")
