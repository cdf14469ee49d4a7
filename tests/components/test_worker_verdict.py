"""Whether workers run, as the engine shows them at the end of an update."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker import worker_verdict
from portico.components.docker.worker_verdict import watch
from portico.components.docker.workers import Running
from tests.components.sample import make_stack
from tests.components.watched import Watched, inspect, show
from tests.config.sample import make_site

NEW, OLD = "1" * 64, "2" * 64
Make = Callable[..., dict[str, Running]]


@pytest.fixture(autouse=True)
def pulumi_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_verdict, "list_labels", lambda role: {"portico.role": role})
    monkeypatch.setattr(worker_verdict, "_PAUSE", 0.01)
    monkeypatch.setattr(worker_verdict, "WATCH", 0.2)
    STARTED.clear()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    reported: list[str] = []
    monkeypatch.setattr(pulumi.log, "error", lambda text: reported.append(text))
    return reported


@pytest.fixture
def make(root: Path) -> Make:
    """The one new container of a worker, by its id."""

    def build(**worker: Any) -> dict[str, Running]:
        values = {"name": "queue", "command": "work", "stop": "40s", **worker}
        release = make_stack(root, make_site(workers=[values])).releases[0]
        container: Any = None
        one = Running(release=release, worker=release.site.workers[0], name="shop-worker.queue-0", container=container)
        return {NEW: one}

    return build


def worker(
    id: str,
    state: str = "running",
    status: str = "Up 2 minutes",
    restarts: int = 0,
    site: str = "shop",
    name: str = "queue",
    **labels: str,
) -> Any:
    listed = show(id, "worker", site, State=state, Status=status)
    listed["Labels"] |= {"portico.process": name} | {f"portico.{label}": value for label, value in labels.items()}
    listed["inspected"] = inspect(listed, restarts)
    return listed


def test_one_that_has_run_for_long_enough_is_well_at_once(make: Make, said: list[str]) -> None:
    engine = Watched(listed=[worker(NEW)])
    assert watch(engine, make()) == [] and said == []
    assert len(engine.asked) == 2


@pytest.mark.parametrize(
    "listed",
    [
        worker(NEW, "restarting", "Restarting (1) 1 second ago"),
        worker(NEW, "exited", "Exited (1) 1 second ago"),
        worker(NEW, status="Up Less than a second", restarts=1),
    ],
)
def test_one_that_ended_fails_at_once_and_docker_goes_on_with_it(
    make: Make, said: list[str], listed: dict[str, Any]
) -> None:
    engine = Watched(listed=[listed], logs="ImportError: no spoon")
    (reported,) = watch(engine, make())
    assert reported == "The worker queue of shop does not keep running; see the error above. Nothing was removed."
    assert said[0].startswith("shop-worker.queue-0 did not keep running. Docker goes on starting it.")
    assert "ImportError: no spoon" in said[0] and engine.stopped == []


def test_one_that_is_gone_fails(make: Make, said: list[str]) -> None:
    assert len(watch(Watched(listed=[]), make())) == 1


def test_where_an_older_one_runs_the_new_one_is_stopped(make: Make, said: list[str]) -> None:
    engine = Starting(listed=[worker(NEW, "restarting", "Restarting (1)"), worker(OLD)])
    assert len(watch(engine, make())) == 1
    assert "The one before it keeps running." in said[0]
    assert (engine.stopped, STARTED) == ([(NEW, 1)], [OLD])


def test_an_older_one_is_left_to_pulumi_where_there_may_be_several(make: Make, said: list[str]) -> None:
    engine = Starting(listed=[worker(NEW), worker(OLD)])
    assert watch(engine, make()) == [] and engine.stopped == []


def test_a_single_one_is_ended_before_its_successor_is_judged(make: Make, said: list[str]) -> None:
    engine = Starting(listed=[worker(NEW), worker(OLD)])
    assert watch(engine, make(single=True)) == []
    assert engine.stopped == [(OLD, 40)] and STARTED == []
    # It waited for the lock until then: how long it has been up says nothing.
    assert len(engine.asked) > 3


def test_a_single_one_begins_again_where_its_successor_fails(make: Make, said: list[str]) -> None:
    engine = Starting(listed=[worker(NEW, restarts=1), worker(OLD)])
    assert len(watch(engine, make(single=True))) == 1
    assert engine.stopped == [(OLD, 40), (NEW, 1)] and STARTED == [OLD]


def test_a_single_one_with_its_old_name_is_ended_before_its_successor_is_judged(make: Make, said: list[str]) -> None:
    """It has as long as it was promised then, whatever the settings say now."""
    engine = Starting(listed=[worker(NEW), worker(OLD, name="beat", single="yes", stop="600")])
    assert watch(engine, make(single=True)) == []
    assert engine.stopped == [(OLD, 600)] and STARTED == [] and len(engine.asked) > 3


def test_a_single_one_with_its_old_name_begins_again_where_its_successor_fails(make: Make, said: list[str]) -> None:
    engine = Starting(listed=[worker(NEW, restarts=1), worker(OLD, name="beat", single="yes")])
    assert len(watch(engine, make(single=True))) == 1
    assert engine.stopped == [(OLD, 40), (NEW, 1)] and STARTED == [OLD]


@pytest.mark.parametrize(
    ("single", "labels"),
    [
        (True, {"name": "beat"}),
        (False, {"name": "beat", "single": "yes"}),
        (True, {"name": "beat", "single": "yes", "site": "blog"}),
    ],
    ids=["the old one may be several", "the new one may be several", "another site's"],
)
def test_what_is_gone_ends_last_where_no_single_one_follows(
    make: Make, said: list[str], single: bool, labels: dict[str, Any]
) -> None:
    engine = Starting(listed=[worker(NEW), worker(OLD, **labels)])
    assert watch(engine, make(single=single)) == [] and engine.stopped == []


def test_one_that_follows_nobody_is_not_stopped_for_a_single_one_that_is_gone(make: Make, said: list[str]) -> None:
    engine = Starting(
        listed=[worker(NEW, restarts=1, status="Up Less than a second"), worker(OLD, name="beat", single="yes")]
    )
    assert len(watch(engine, make())) == 1
    assert "Docker goes on starting it." in said[0] and engine.stopped == [] == STARTED


def test_a_single_one_that_nobody_replaces_is_not_waited_for(make: Make, said: list[str]) -> None:
    """Each update of a site that has one would take as long."""
    engine = Starting(listed=[worker(NEW)])
    assert watch(engine, make(single=True)) == [] and len(engine.asked) == 2


def test_another_sites_worker_and_another_checkouts_are_left_alone(make: Make, said: list[str]) -> None:
    foreign = worker("3" * 64)
    foreign["NetworkSettings"] = {"Networks": {"portico-2": {}}}
    engine = Starting(listed=[worker(NEW), worker(OLD, site="blog"), foreign])
    assert watch(engine, make(single=True)) == [] and engine.stopped == []


def test_an_engine_that_does_not_answer_is_no_good_end(make: Make) -> None:
    assert watch(Watched(listed=None), make()) == ["Docker could not be asked whether the workers run: nobody answers"]


STARTED: list[str] = []


class Starting(Watched):
    """An engine on which a container can be started, too."""

    def connect(self) -> Any:
        client = super().connect()
        client.api.start = STARTED.append
        return client


def test_one_whose_database_was_started_again_has_time_to_find_back(
    root: Path, monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    """It ended with its connection. One that does not come back fails anyway, and so does one of no service."""
    monkeypatch.setattr(worker_verdict, "BACK", 0.5)
    values = {"name": "queue", "command": "work", "stop": "40s"}
    services = [{"name": "db", "kind": "postgres"}]
    stack = make_stack(root, make_site(workers=[values], uses=["db"]), services=services)
    release = stack.releases[0]
    container: Any = None
    made: Any = {NEW: Running(release=release, worker=release.site.workers[0], name="queue-0", container=container)}
    young, server = worker(NEW, "restarting", "Restarting (1) 1 second ago") | {"Created": 5}, show("5e", "service")

    class Recovering(Watched):
        def _list(self, *, all: bool, filters: Any = None) -> list[dict[str, Any]]:
            found = super()._list(all=all, filters=filters)
            if len(self.asked) > 6:
                found[0] |= {"State": "running", "Status": "Up 3 minutes"}
            role = str(filters["label"][0]).partition("=")[2]
            return [one for one in found if one["Labels"]["portico.role"] == role]

    assert watch(Recovering(listed=[young, server | {"Created": 6}]), made) == [] and said == []
    lost = worker(NEW, "restarting", "Restarting (1) 1 second ago") | {"Created": 5}
    assert watch(Watched(listed=[lost, server | {"Created": 6}]), made) and said
    # A server that was there before has nothing to do with it.
    before = Recovering(listed=[lost, server | {"Created": 4}])
    assert watch(before, made) and len(before.asked) < 6
