"""NGINX and what holds the port, paused or cut off by hand, go on with the next update."""

from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import NotFound

from portico.cli import awaken
from portico.cli.engine import CONTAINER, PROVIDER, Export

URN = "urn:pulumi:dev::portico::pulumi:providers:docker::host-docker"


class One:
    """A container, and what was done with it."""

    def __init__(self, status: str, *networks: str) -> None:
        self.name, self.status = "nginx-1", status
        self.attrs = {"NetworkSettings": {"Networks": dict.fromkeys(networks)}}
        self.done: list[Any] = []

    def unpause(self) -> None:
        self.done.append("unpause")


def make_export(role: str) -> Export:
    made = {
        "id": "1",
        "name": "nginx-1",
        "labels": [{"label": "portico.role", "value": role}],
        "networksAdvanced": [{"name": "bridge", "aliases": []}],
    }
    provider = {"type": PROVIDER, "urn": URN, "inputs": {}}
    return {
        "deployment": {
            "resources": [provider, {"type": CONTAINER, "provider": f"{URN}::1", "urn": "u", "outputs": made}]
        }
    }


def run(monkeypatch: pytest.MonkeyPatch, one: One | None, role: str = "nginx") -> list[str]:
    def get(_: str) -> One:
        if one is None:
            raise NotFound("gone")
        return one

    def connect(joined: One, aliases: Any) -> None:
        joined.done.append(("connect", aliases))

    networks = SimpleNamespace(get=lambda name: SimpleNamespace(connect=connect, name=name))
    client = SimpleNamespace(containers=SimpleNamespace(get=get), networks=networks)
    monkeypatch.setattr(awaken, "find_engine", lambda _: SimpleNamespace(connect=lambda: client))
    return list(awaken.awaken(make_export(role)))


@pytest.mark.parametrize(
    ("one", "said", "done"),
    [
        (One("running", "bridge"), [], []),
        (One("paused", "bridge"), ["nginx-1 was paused; it has been resumed."], ["unpause"]),
        (
            One("running"),
            ["nginx-1 was disconnected from its network; it is connected again."],
            [("connect", None)],
        ),
    ],
    ids=["well", "paused", "cut off"],
)
def test_it_goes_on(monkeypatch: pytest.MonkeyPatch, one: One, said: list[str], done: list[Any]) -> None:
    assert run(monkeypatch, one) == said
    assert one.done == done


@pytest.mark.parametrize("role", ["port", "nginx", "acme"])
def test_whatever_no_update_makes_anew_goes_on(monkeypatch: pytest.MonkeyPatch, role: str) -> None:
    one = One("paused", "bridge")
    assert run(monkeypatch, one, role) and one.done == ["unpause"]


def test_what_is_gone_is_left_to_the_update(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, None) == []


def test_where_nothing_is_up_nothing_is_asked() -> None:
    assert list(awaken.awaken({})) == []
