"""Which orphans may be serving, and what is not touched."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from portico.cli.commands.recover import Engine, State, connect, find_serving, read_state, refuse_lost_state, sweep
from portico.cli.engine import read_time
from portico.cli.refused import Refused
from portico.components.docker.container_command import Ended

BEGAN = datetime(2026, 11, 24, 1, tzinfo=UTC)
LIVE = "server unix:/run/portico/shop/aaa-0.sock;"


ENDED: list[str] = []  # the containers that were stopped, in order


class Fake:
    """A container as the engine lists it."""

    def __init__(self, id: str, role: str, release: str = "", status: str = "running", hour: int = 0) -> None:
        self.id, self.name, self.status = id, f"name-{id}", status
        self.labels = {"portico.role": role, "portico.site": "shop", "portico.release": release}
        self.attrs = {"Created": f"2026-11-24T0{hour}:30:00.123456789Z"}
        self.done: list[str] = []

    def stop(self, timeout: int) -> None:
        self.done.append("stop")
        ENDED.append(self.id)

    def remove(self, force: bool, v: bool) -> None:
        self.done.append("remove")


@pytest.fixture(autouse=True)
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.cli.commands.recover.run_in", lambda edge, words: Ended(0, LIVE.encode()))


def make(*containers: Fake) -> Engine:
    def choose(all: bool, filters: dict[str, list[str]], ignore_removed: bool) -> list[Fake]:
        roles = [label.removeprefix("portico.role=") for label in filters["label"] if "role=" in label]
        return [one for one in containers if not roles or one.labels["portico.role"] in roles]

    nothing = SimpleNamespace(list=lambda filters: [])
    client: Any = SimpleNamespace(containers=SimpleNamespace(list=choose), networks=nothing, volumes=nothing)
    return Engine(client, ("portico.project=portico", "portico.stack=dev"), BEGAN)


def know(*ids: str) -> State:
    return State({"container": set(ids), "network": set(), "volume": set()}, "portico", None)


EDGE = Fake("edge", "nginx")


@pytest.mark.parametrize(
    ("orphan", "known", "serving"),
    [
        pytest.param(Fake("o", "gunicorn", "aaa"), [], True, id="the only one of the live release"),
        pytest.param(Fake("o", "gunicorn", "aaa"), ["k"], False, id="another of it is in the state"),
        pytest.param(Fake("o", "gunicorn", "bbb"), [], False, id="of a release that is not live"),
        pytest.param(Fake("o", "gunicorn", "aaa", status="exited"), [], False, id="not running"),
        pytest.param(Fake("o", "switch", "aaa"), [], False, id="no replica"),
    ],
)
def test_only_what_nginx_names_and_nothing_else_serves_is_kept(orphan: Fake, known: list[str], serving: bool) -> None:
    engine = make(EDGE, orphan, *(Fake(id, "gunicorn", "aaa") for id in known))
    state = know("edge", *known)
    assert [one.id for one in find_serving(engine, state, engine.orphans(state))] == (["o"] if serving else [])


def test_the_sweep_removes_orphans_and_keeps_what_it_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    known, orphan, kept = Fake("k", "gunicorn"), Fake("o", "gunicorn"), Fake("s", "gunicorn")
    engine = make(known, orphan, kept)
    assert sweep(engine, know("k"), keep=[kept]) == 1  # type: ignore[list-item]
    assert (known.done, orphan.done, kept.done) == ([], ["stop", "remove"], [])
    assert "Removing container name-o (gunicorn)" in capsys.readouterr().out


def test_a_command_that_runs_is_left_alone() -> None:
    runs, ended = Fake("r", "exec"), Fake("e", "exec", status="exited")
    assert sweep(make(runs, ended), know(), keep=[]) == 1
    assert (runs.done, ended.done) == ([], ["remove"])


def test_an_nginx_ends_with_its_last_request_and_before_what_it_asks() -> None:
    ENDED.clear()
    replica, edge = Fake("o", "gunicorn"), Fake("e", "nginx")
    assert sweep(make(replica, edge), know(), keep=[]) == 2
    assert ENDED == ["e", "o"] and edge.done == ["stop", "remove"]


def test_what_another_run_makes_meanwhile_is_not_looked_at() -> None:
    young = Fake("y", "gunicorn", hour=2)
    assert sweep(make(young), know(), keep=[]) == 0
    assert young.done == []


def test_a_state_that_knows_nothing_of_what_serves_is_refused() -> None:
    engine = make(EDGE, Fake("o", "gunicorn", "aaa"))
    with pytest.raises(Refused, match="name-edge, name-o are serving"):
        refuse_lost_state(engine, know(), force=False)
    refuse_lost_state(engine, know("other"), force=False)
    refuse_lost_state(engine, know(), force=True)


@pytest.mark.parametrize(
    "text", ["2026-11-24T01:00:00Z", "2026-11-24T01:00:00.000000000Z", "2026-11-24T02:00:00.0000001+01:00"]
)
def test_dockers_times_are_read(text: str) -> None:
    assert read_time(text) == BEGAN


def test_data_and_certificates_are_nobodys_orphans() -> None:
    """The data of a site that is gone from the settings stands in no state, and is kept anyway."""
    removed: list[str] = []

    class Volume:
        def __init__(self, role: str) -> None:
            self.name = role
            self.attrs = {"CreatedAt": "2026-11-24T00:30:00Z", "Labels": {"portico.role": role}}

        def remove(self) -> None:
            removed.append(self.name)

    volumes = [Volume(role) for role in ("data", "certificates", "static", "secrets")]
    nothing = SimpleNamespace(list=lambda **_: [])
    client: Any = SimpleNamespace(
        containers=nothing, networks=nothing, volumes=SimpleNamespace(list=lambda filters: volumes)
    )
    engine = Engine(client, ("portico.project=portico", "portico.stack=dev"), BEGAN)
    assert sweep(engine, know(), keep=[]) == 2
    assert removed == ["static", "secrets"]


@pytest.mark.parametrize("moved", [False, True])
def test_on_ecs_nothing_on_the_engine_that_builds_is_an_orphan(monkeypatch: pytest.MonkeyPatch, moved: bool) -> None:
    """A container of an image of the stack has the stack's labels, and somebody may have started one by hand.

    Where the stack was on an engine before, what it has left there is looked for.
    """
    urn = "urn:pulumi:prod::portico::x::y"
    builder = {"type": "pulumi:providers:docker", "urn": urn, "inputs": {}}
    service = {"type": "aws:ecs/service:Service", "urn": "u"}
    old = {"type": "docker:index/container:Container", "urn": "c", "id": "1", "provider": f"{urn}::some-id"}
    listed = [builder, service, *([old] if moved else [])]
    text = json.dumps({"deployment": {"resources": listed}})
    monkeypatch.setattr("portico.cli.commands.recover.run", lambda *words, **more: text)
    monkeypatch.setattr("portico.components.docker.engine_client.Engine.connect", lambda engine: "a client")
    assert (connect(read_state("prod")) is not None) == moved
