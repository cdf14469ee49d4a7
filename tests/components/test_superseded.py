"""Which replicas end after an update that failed: those that NGINX asks nothing."""

from typing import Any

import docker.errors
import pytest

from portico.components.docker.observation import Observation
from portico.components.docker.superseded_replicas import list_superseded, stop_superseded
from tests.components.recorder import run
from tests.components.test_observation import see
from tests.components.watched import EDGE, Watched, serve, show

OLD, NEW = "a" * 12, "b" * 12
FIRST, SECOND, THIRD = ("1" * 12, "2" * 12, "3" * 12)


def watch(*listed: dict[str, Any], proven: str = f"shop {FIRST}\n", **more: Any) -> Watched:
    """An engine where NGINX sends shop's requests to OLD, whose replica FIRST was proven."""
    files = {**serve(OLD), "proven": proven} | more.pop("files", {})
    return Watched(listed=[EDGE, *listed], **{"target": "trees/t1", "files": files, **more})


def stop(engine: Watched) -> list[str]:
    run(lambda: stop_superseded(engine, EDGE["Id"]))
    return [id[:12] for id, _ in engine.stopped]


def test_the_refused_release_ends_and_the_one_that_serves_does_not() -> None:
    engine = watch(show(FIRST, release=OLD), show(SECOND, release=NEW), show(THIRD, release=NEW, State="restarting"))
    assert sorted(stop(engine)) == [SECOND, THIRD]
    assert {seconds for _, seconds in engine.stopped} == {10}


def test_what_has_ended_is_not_stopped_again() -> None:
    assert stop(watch(show(FIRST, release=OLD), show(SECOND, release=NEW, State="exited"))) == []


def test_the_replica_that_was_to_replace_another_one_of_the_live_release_ends() -> None:
    assert stop(watch(show(FIRST, release=OLD), show(SECOND, release=OLD))) == [SECOND]


def test_where_no_replica_of_the_live_release_was_proven_all_of_them_stay() -> None:
    assert stop(watch(show(FIRST, release=OLD), show(SECOND, release=OLD), proven="")) == []


def test_a_site_that_nothing_serves_has_no_replica_that_is_needed() -> None:
    blog = show(SECOND, site="blog", release=OLD)
    assert stop(watch(show(FIRST, release=OLD), blog)) == [SECOND]
    files = serve(OLD, "blog")
    assert stop(watch(show(FIRST, release=OLD), blog, files=files, proven=f"shop {FIRST}\nblog -\n")) == []


def test_a_site_in_maintenance_keeps_its_replicas() -> None:
    assert stop(watch(show(FIRST, release=OLD), show(SECOND, release=OLD), proven="shop -\n")) == []


def test_nginx_and_what_holds_its_port_are_no_replicas() -> None:
    assert stop(watch(show(FIRST, release=OLD), show(SECOND, "port", ""), show(THIRD, "switch", ""))) == []


@pytest.mark.parametrize(
    "engine",
    [
        Watched(listed=None),
        Watched(listed=[show(SECOND, release=NEW)]),
        watch(show(SECOND, release=NEW), show("0ed9e", "nginx", "")),
        Watched(listed=[{**EDGE, "State": "exited"}, show(SECOND, release=NEW)], target="trees/t1", files=serve(OLD)),
        watch(show(SECOND, release=NEW), target=""),
        watch(show(SECOND, release=NEW), target="trees/gone"),
    ],
    ids=["no answer", "no NGINX", "two NGINX", "an NGINX that has ended", "no link", "a link to nothing"],
)
def test_what_cannot_be_reported_is_left_alone(engine: Watched) -> None:
    assert stop(engine) == []


def test_replicas_in_another_network_are_another_checkouts() -> None:
    other = show(SECOND, release=NEW) | {"NetworkSettings": {"Networks": {"portico-2": {}}}}
    nginx = show("0ed9e", "nginx", "") | {"NetworkSettings": {"Networks": {"portico-2": {}}}}
    assert stop(watch(other, nginx, show(THIRD, release=NEW))) == [THIRD]


def test_an_old_nginx_that_has_ended_asks_nobody() -> None:
    engine = watch(show(SECOND, release=NEW), show("0ed9e", "nginx", "", State="exited"))
    assert stop(engine) == [SECOND]


def test_one_that_cannot_be_stopped_is_no_further_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = watch(show(SECOND, release=NEW))
    connect = Watched.connect

    def refuse(*_: object, **__: object) -> None:
        raise docker.errors.APIError("no")

    def reach(self: Watched) -> Any:
        client = connect(self)
        client.api.stop = refuse
        return client

    monkeypatch.setattr(Watched, "connect", reach)
    assert stop(engine) == []


def test_it_is_decided_by_what_was_seen() -> None:
    observed: Observation = see(watch(show(FIRST, release=OLD), show(SECOND, release=NEW)))
    assert [one.name for one in list_superseded(observed)] == [f"{SECOND}-name"]
