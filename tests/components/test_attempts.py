"""Which containers are made again although nothing about them changed."""

from dataclasses import replace
from typing import Any

import pytest

from portico.components.docker.attempts import LABEL, Attempts
from portico.components.docker.observation import Observation, Seen
from portico.config.live.drift import Live

ID = "0123456789ab" + "0" * 52
URN = "urn:pulumi:test::portico::portico:index:Gunicorn$docker:index/container:Container::shop-gunicorn-0"
SWITCH = "urn:pulumi:test::portico::docker:index/container:Container::portico-release-switch"


def container(attempt: int | None = None, **outputs: Any) -> dict[str, Any]:
    labels = [{"label": "portico.role", "value": "gunicorn"}]
    if attempt is not None:
        labels.append({"label": LABEL, "value": str(attempt)})
    return {"type": "docker:index/container:Container", "outputs": {"labels": labels, "name": "shop-0-1", **outputs}}


def seen(
    live: Live | None = None,
    proven: frozenset[str] = frozenset({ID[:12]}),
    unasked: frozenset[str] = frozenset(),
    **more: Any,
) -> Observation:
    """One replica that is well, and proven by default otherwise."""
    reported = {"id": ID, "name": "shop-0-1", "role": "gunicorn", "site": "shop", "release": "a", "state": "running"}
    values: dict[str, Any] = reported | {"health": "healthy"} | more
    one = Seen(networks=frozenset(), **values)
    edge = replace(one, id="f" * 64, name="nginx", role="nginx", site="", release="", state="running", health="healthy")
    return Observation(containers={one.name: one}, edge=edge, live=live, proven=proven, unasked=unasked)


def count(observed: Observation | None, last: dict[str, Any] | None) -> int:
    resources = {URN: last} if last else {}
    return Attempts(resources=resources, observed=observed).of_replica("shop-gunicorn-0")


def test_a_first_replica_is_the_first_attempt() -> None:
    assert count(seen(), None) == 0
    assert not Attempts(observed=seen()).find_fault("shop-gunicorn-0")


def test_one_that_is_well_and_proven_stays() -> None:
    assert count(seen(), container(0)) == 0
    assert count(seen(), container(3)) == 3


def test_one_that_the_switch_has_proven_before_dockers_first_check_stays() -> None:
    assert count(seen(health="starting"), container(3)) == 3


def test_one_that_was_cut_off_from_its_network_is_made_anew() -> None:
    last = container(0, networksAdvanced=[{"name": "bridge-1"}])
    assert count(seen(), last) == 1
    joined = seen()
    (one,) = joined.containers.values()
    there = replace(joined, containers={one.name: replace(one, networks=frozenset({"bridge-1", "other"}))})
    assert count(there, last) == 0
    assert Attempts(resources={URN: last}, observed=joined).is_worker_lost("shop-gunicorn-0")
    assert not Attempts(resources={URN: last}, observed=there).is_worker_lost("shop-gunicorn-0")


def test_one_of_a_version_without_the_label_is_number_none() -> None:
    assert count(seen(), container()) == 0
    assert count(seen(state="exited"), container()) == 1
    assert count(seen(), {**container(), "outputs": {"name": "shop-0-1"}}) == 0


@pytest.mark.parametrize(
    ("observed", "fault"),
    [
        (seen(state="exited", health=""), "exited"),
        (seen(state="restarting", health=""), "restarting"),
        (seen(health="unhealthy"), "unhealthy"),
        (seen(health="starting", restarts=1), "restarted, and not healthy yet"),
        (seen(health="starting", proven=frozenset()), "never proven by a switch"),
        (seen(name="another"), "gone"),
        (seen(proven=frozenset()), "never proven by a switch"),
        (seen(proven=frozenset({"f" * 12})), "never proven by a switch"),
        (Observation(), "gone"),
    ],
    ids=[
        "ended",
        "restarts",
        "unhealthy",
        "starts again",
        "starts, and was not proven",
        "gone",
        "nobody proven",
        "another proven",
        "nothing there",
    ],
)
def test_one_that_is_not_as_it_should_be_is_made_anew(observed: Observation, fault: str) -> None:
    assert count(observed, container(3)) == 4
    assert Attempts(resources={URN: container(3)}, observed=observed).find_fault("shop-gunicorn-0") == fault


def test_where_nginx_is_gone_nobody_knows_what_was_proven_so_being_well_is_enough() -> None:
    assert count(replace(seen(proven=frozenset()), edge=None), container(3)) == 3
    assert count(replace(seen(proven=frozenset(), health="unhealthy"), edge=None), container(3)) == 4


def test_an_engine_that_does_not_answer_has_not_said_that_anything_is_wrong() -> None:
    assert count(None, container(3)) == 3


def test_in_maintenance_nobody_was_asked_so_being_well_is_enough() -> None:
    nobody, shop = frozenset[str](), frozenset({"shop"})
    assert count(seen(proven=nobody, unasked=shop), container(3)) == 3
    assert count(seen(proven=nobody, unasked=shop, health="unhealthy"), container(3)) == 4
    assert count(seen(proven=nobody, unasked=frozenset({"blog"})), container(3)) == 4


def test_only_a_container_of_that_name_counts() -> None:
    other = {URN: container(3), URN.replace("-0", "-10"): container(7), "urn::shop-gunicorn-1": {"type": "x"}}
    assert Attempts(resources=other, observed=seen()).of_replica("shop-gunicorn-1") == 0
    assert Attempts(resources=other, observed=seen()).of_replica("shop-gunicorn-0") == 3


@pytest.mark.parametrize(
    ("live", "code", "attempt"),
    [
        (Live("trees/abc", {}), 0, 2),
        (Live("trees/abc", {}), None, 2),
        (Live("trees/old", {}), 0, 3),
        (Live("trees/abc-1700000000", {}), 0, 3),
        (Live("", {}), 0, 3),
        (None, 0, 3),
        (Live("trees/abc", {}), 1, 3),
    ],
    ids=["live", "no code", "another tree", "a mixture", "no link", "no NGINX", "it ended badly"],
)
def test_a_switch_whose_tree_is_not_live_is_made_anew(live: Live | None, code: int | None, attempt: int) -> None:
    attempts = Attempts(resources={SWITCH: container(2, exitCode=code)}, observed=seen(live=live))
    assert attempts.of_switch("portico-release-switch", "abc") == attempt


def test_a_first_switch_and_one_that_nobody_can_look_at_keep_their_number() -> None:
    assert Attempts(observed=seen()).of_switch("portico-release-switch", "abc") == 0
    assert Attempts(resources={SWITCH: container(2)}).of_switch("portico-release-switch", "abc") == 2


EDGE = "urn:pulumi:test::portico::portico:index:Nginx$docker:index/container:Container::portico-nginx-server"


@pytest.mark.parametrize(
    ("name", "state", "reported"),
    [
        ("shop-0-1", "running", ""),
        ("shop-0-1", "exited", "exited"),
        ("shop-0-1", "created", "created"),
        ("another", "running", "gone"),
        # Another part of an update puts these right, or Docker itself does.
        ("shop-0-1", "paused", ""),
        ("shop-0-1", "restarting", ""),
    ],
)
@pytest.mark.parametrize("holder", [False, True])
def test_an_edge_that_serves_nobody_is_reported(name: str, state: str, reported: str, holder: bool) -> None:
    urn = EDGE.replace("portico-nginx-server", "portico-port-holder") if holder else EDGE
    observed = seen(name=name, state=state)
    wanted = ("", reported) if holder else (reported, "")
    assert Attempts(resources={urn: container(0)}, observed=observed).list_lost("portico") == wanted
    assert Attempts(observed=observed).list_lost("portico") == ("", "")
    assert Attempts(resources={urn: container(0)}).list_lost("portico") == ("", "")
