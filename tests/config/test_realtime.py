"""Socket.IO: what its clients need is said where the settings of a site lack it, and refused nowhere."""

from pathlib import Path
from typing import Any

import pytest

from portico.config.plan import make_plan
from tests.config.ecs_sample import make_ecs_values
from tests.config.sample import make_site, make_values
from tests.config.test_load import load_values

ROUTE = {"path": "/socket.io/", "websocket": True}
FIT: dict[str, Any] = {
    "balance": "ip_hash",
    "replicas": 2,
    "gunicorn": {"workers": 1, "threads": 100},
    "routes": [ROUTE],
}
SAID = "shop requires Socket.IO, whose clients must always reach the same process: write {}; see docs/projects.md"


def advise(root: Path, requirement: str = "flask-socketio", **changes: Any) -> str:
    (root / "shop" / "requirements.txt").write_text(f"flask\n{requirement}\n")
    return "".join(make_plan(make_values(make_site(**{**FIT, **changes})), root).advise())


def test_the_defaults_lack_all_of_it(root: Path) -> None:
    said = advise(root, balance="round_robin", gunicorn={}, routes=[])
    wanted = [
        *("gunicorn.workers: 1", "gunicorn.threads: 100", "balance: ip_hash"),
        "routes: [{path: /socket.io/, websocket: true}]",
    ]
    assert said == SAID.format(", ".join(wanted))


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"gunicorn": {"workers": 2, "threads": 100}}, "gunicorn.workers: 1"),
        ({"gunicorn": {"workers": 1, "threads": 15}}, "gunicorn.threads: 100"),
        ({"balance": "least_conn"}, "balance: ip_hash"),
        ({"routes": [{"path": "/socket.io/"}]}, "routes: [{path: /socket.io/, websocket: true}]"),
        ({"routes": [{"path": "/ws/", "websocket": True}]}, "routes: [{path: /socket.io/, websocket: true}]"),
    ],
)
def test_what_is_lacking_is_said(root: Path, changes: dict[str, Any], wanted: str) -> None:
    assert advise(root, **changes) == SAID.format(wanted)


@pytest.mark.parametrize(
    "changes",
    [{}, {"balance": "round_robin", "replicas": 1}, {"routes": [{"path": "/", "websocket": True}]}],
)
def test_what_fits_is_not_spoken_of(root: Path, changes: dict[str, Any]) -> None:
    assert advise(root, **changes) == ""


@pytest.mark.parametrize("requirement", ["Flask_SocketIO>=5", "python-socketio[client]", "python.engineio==4.13.2"])
def test_it_is_known_by_each_of_its_packages(root: Path, requirement: str) -> None:
    assert advise(root, requirement, gunicorn={"workers": 2, "threads": 100})
    assert not advise(root, "redis", gunicorn={"workers": 2, "threads": 100})


def test_on_ecs_clients_have_to_begin_with_websocket(root: Path) -> None:
    (root / "shop" / "requirements.txt").write_text("flask-socketio\n")
    site = make_site(gunicorn={"workers": 1, "threads": 100}, routes=[ROUTE])
    (said,) = make_plan(make_ecs_values(site), root).advise()
    assert said.startswith("shop requires Socket.IO") and "transports: ['websocket']" in said


def test_it_is_a_warning_of_the_update(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.warn", said.append)
    (root / "shop" / "requirements.txt").write_text("flask-socketio\n")
    load_values(root, make_values(make_site()))
    assert [line.partition(",")[0] for line in said] == ["shop requires Socket.IO"]
