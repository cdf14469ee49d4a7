"""What an engine shows of a stack: each container's state, what NGINX reads, and who was proven."""

from typing import Any

import pytest

from portico.components.docker.engine_client import Engine
from portico.components.docker.live_files import read_live
from portico.components.docker.observation import Observation, Seen, observe
from portico.config.live.drift import Live
from tests.components.recorder import run
from tests.components.watched import EDGE, Watched, inspect, serve, show

A, B = "a" * 12, "b" * 12


def look(engine: Engine | None) -> Observation | None:
    """What a program of the stack `test` sees."""
    seen: list[Observation | None] = []
    run(lambda: seen.append(observe(engine, EDGE["Id"])))
    return seen[0]


def see(engine: Engine) -> Observation:
    found = look(engine)
    assert found
    return found


def test_without_an_engine_or_an_answer_nobody_knows() -> None:
    assert look(None) is None
    assert look(Watched(listed=None)) is None


def test_it_asks_for_this_stacks_containers_alone() -> None:
    engine = Watched()
    see(engine)
    assert engine.asked == [{"label": ["portico.project=portico", "portico.stack=test"]}]


def test_where_nothing_is_there_nothing_is_seen() -> None:
    assert see(Watched()) == Observation()


def test_a_container_is_seen_as_docker_lists_it() -> None:
    found = see(Watched(listed=[show(A, release=B)])).containers[f"{A}-name"]
    assert found == Seen(
        id=A.ljust(64, "0"),
        name=f"{A}-name",
        role="gunicorn",
        site="shop",
        release=B,
        networks=frozenset({"portico-1"}),
        state="running",
        health="healthy",
    )


@pytest.mark.parametrize(
    ("state", "status", "health", "well"),
    [
        ("running", "Up 2 minutes (healthy)", "healthy", True),
        ("running", "Up 2 minutes", "", True),
        ("running", "Up 2 seconds (health: starting)", "starting", True),
        ("running", "Up 2 minutes (unhealthy)", "unhealthy", False),
        ("exited", "Exited (3) 2 minutes ago", "", False),
        ("restarting", "Restarting (3) 1 second ago", "", False),
        ("paused", "Up 2 minutes (Paused)", "", False),
        ("created", "Created", "", False),
    ],
)
def test_it_is_well_when_it_runs_and_passes_its_check(state: str, status: str, health: str, well: bool) -> None:
    (found,) = see(Watched(listed=[show(A, State=state, Status=status)])).containers.values()
    assert (found.health, found.well) == (health, well)


@pytest.mark.parametrize(("restarts", "well"), [(0, True), (1, False), (7, False)])
def test_one_that_was_started_again_is_well_only_when_it_has_passed_its_check(restarts: int, well: bool) -> None:
    starting = show(A, Status="Up 2 seconds (health: starting)")
    (found,) = see(Watched(listed=[starting | {"inspected": inspect(starting, restarts)}])).containers.values()
    assert found.well == well


def test_a_container_without_labels_or_a_name_is_no_failure() -> None:
    listed = [show(A, Labels=None, Names=None)]
    assert [one.role for one in see(Watched(listed=listed)).containers.values()] == [""]


def test_what_is_live_and_proven_is_read_from_nginx() -> None:
    proven = f"shop {A}\nshop {B}\nblog -\n\n"
    found = see(Watched(listed=[EDGE], target="trees/t1", files={**serve(A), "proven": proven}))
    assert found.live == Live("trees/t1", {"conf.d/shop.conf": serve(A)["trees/t1/conf.d/shop.conf"]})
    assert (found.proven, found.unasked) == (frozenset({A, B}), frozenset({"blog"}))


def test_without_nginx_nothing_is_live() -> None:
    found = see(Watched(listed=[show(A)], target="trees/t1", files={"proven": f"shop {A}"}))
    assert (found.live, found.proven) == (None, frozenset())


def test_a_version_that_wrote_nothing_down_has_proven_nobody() -> None:
    found = see(Watched(listed=[EDGE], target="trees/t1", files=serve(A)))
    assert found.live and (found.proven, found.unasked) == (frozenset(), frozenset())


def test_of_two_nginx_either_has_the_files() -> None:
    stopped = show("0ed9e", "nginx", "", State="exited")
    engine = Watched(listed=[EDGE, stopped], target="trees/t1", files=serve(A))
    assert see(engine).live == read_live(engine, stopped["Id"])


def test_nginx_is_the_one_of_the_stacks_record_by_id_or_by_name() -> None:
    """Another checkout may have a stack of the same name on the engine."""
    other = show("0ed9e", "nginx", "")
    engine = Watched(listed=[other, EDGE], target="trees/t1", files=serve(A))
    seen: list[Observation | None] = []
    run(lambda: seen.extend(observe(engine, edge) for edge in (EDGE["Id"], "ed9e-name", "gone")))
    assert [one.edge.name if one and one.edge else None for one in seen] == ["ed9e-name", "ed9e-name", None]
    assert seen[2] and seen[2].live is None


@pytest.mark.parametrize(
    ("more", "live"),
    [({"target": None}, Live("", {})), ({"target": "trees/gone"}, Live("trees/gone", {}))],
    ids=["no link", "a link to nothing"],
)
def test_a_link_that_leads_nowhere_is_seen(more: dict[str, Any], live: Live) -> None:
    assert see(Watched(listed=[EDGE], files=serve(A), **more)).live == live
