"""Whether an update may go without a refresh: only where every piece is as the state says."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner
from docker import DockerClient
from docker.errors import DockerException, NotFound
from docker.models.containers import Container
from docker.models.networks import Network
from docker.models.resource import Model

from portico.cli import recorded
from portico.cli.engine import CONTAINER, PROVIDER, Export
from portico.cli.prepare import Place
from portico.cli.recorded import IMAGE, NETWORK, VOLUME, is_as_recorded

URN = "urn:pulumi:dev::portico::pulumi:providers:docker::host-docker"
_MB = 1024**2


class Found(Network):
    """A network, a volume or an image, as it was inspected."""

    @property
    def name(self) -> Any:
        return self.attrs["Name"]


class Docker:
    """Answers for what was inspected; nothing else is there."""

    def __init__(self, seen: dict[str, dict[str, Any]]) -> None:
        self.seen = seen
        self.containers = self.networks = self.volumes = self.images = self

    def get(self, name: str) -> Model:
        if name not in self.seen:
            raise NotFound(name)
        attrs = self.seen[name]
        return Container(attrs=attrs) if "State" in attrs else Found(attrs=attrs)


def write_container(name: str, *, must_run: bool) -> dict[str, Any]:
    return {
        "type": CONTAINER,
        "custom": True,
        "urn": f"urn::{name}",
        "provider": f"{URN}::1",
        "outputs": {
            **{"id": f"id-{name}", "name": name, "mustRun": must_run, "exitCode": None if must_run else 0},
            **{"memory": 128, "memorySwap": 128, "cpuShares": 0, "cpuSet": "", "maxRetryCount": 0},
            **{"restart": "unless-stopped" if must_run else "no", "networkDatas": [{"networkName": "bridge-1"}]},
        },
    }


def show_container(name: str, *, runs: bool) -> dict[str, Any]:
    return {
        "Id": f"id-{name}",
        "Name": f"/{name}",
        "RestartCount": 0,
        "State": {
            **{"Status": "running" if runs else "exited", "Running": runs, "ExitCode": 0},
            **{"StartedAt": "2026-01-01T00:00:00.0+00:00", "Health": {"Status": "healthy"}},
        },
        "HostConfig": {
            **{"Memory": 128 * _MB, "MemorySwap": 128 * _MB, "CpuShares": 0, "CpusetCpus": ""},
            "RestartPolicy": {"Name": "unless-stopped" if runs else "no", "MaximumRetryCount": 0},
        },
        "NetworkSettings": {"Networks": {"bridge-1": {}}},
    }


@pytest.fixture
def state() -> Export:
    def write(kind: str, **outputs: str) -> Export:
        return {"type": kind, "custom": True, "urn": f"urn::{kind}", "provider": f"{URN}::1", "outputs": outputs}

    return {
        "deployment": {
            "resources": [
                {"type": "pulumi:pulumi:Stack", "custom": False, "urn": "urn::stack"},
                {"type": PROVIDER, "custom": True, "urn": URN, "inputs": {}},
                write_container("web", must_run=True),
                write_container("switch", must_run=False),
                write(NETWORK, id="id-bridge", name="bridge-1"),
                write(VOLUME, name="config-1"),
                write(IMAGE, name="shop:1", imageId="sha256:1"),
            ]
        }
    }


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    seen = {
        "id-web": show_container("web", runs=True),
        "id-switch": show_container("switch", runs=False),
        "id-bridge": {"Name": "bridge-1"},
        "config-1": {"Name": "config-1"},
        "shop:1": {"Id": "sha256:1"},
    }
    client = cast(DockerClient, Docker(seen))

    class Here:
        def connect(self) -> DockerClient:
            return client

    monkeypatch.setattr(recorded, "read_engine", lambda provider: Here())
    return seen


def test_what_is_as_recorded_needs_no_refresh(state: Export, seen: dict[str, dict[str, Any]]) -> None:
    assert is_as_recorded(state)


@pytest.mark.parametrize("name", ["id-web", "id-switch", "id-bridge", "config-1", "shop:1"])
def test_what_is_gone_is_seen(state: Export, seen: dict[str, dict[str, Any]], name: str) -> None:
    del seen[name]
    assert not is_as_recorded(state)


OTHERWISE: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "stopped": ("id-web", lambda one: one["State"].update(Status="exited", Running=False)),
    "paused": ("id-web", lambda one: one["State"].update(Status="paused")),
    "unwell": ("id-web", lambda one: one["State"]["Health"].update(Status="unhealthy")),
    "renamed": ("id-web", lambda one: one.update(Name="/other")),
    "memory": ("id-web", lambda one: one["HostConfig"].update(Memory=64 * _MB)),
    "swap": ("id-web", lambda one: one["HostConfig"].update(MemorySwap=-1)),
    "shares": ("id-web", lambda one: one["HostConfig"].update(CpuShares=2)),
    "cores": ("id-web", lambda one: one["HostConfig"].update(CpusetCpus="0")),
    "restart": ("id-web", lambda one: one["HostConfig"]["RestartPolicy"].update(Name="no")),
    "cut off": ("id-web", lambda one: one["NetworkSettings"]["Networks"].clear()),
    "in another network": ("id-web", lambda one: one["NetworkSettings"]["Networks"].update(foreign={})),
    "run again": ("id-switch", lambda one: one["State"].update(Status="running", Running=True)),
    "ended otherwise": ("id-switch", lambda one: one["State"].update(ExitCode=1)),
    "another network": ("id-bridge", lambda one: one.update(Name="other")),
    "another image": ("shop:1", lambda one: one.update(Id="sha256:2")),
}


@pytest.mark.parametrize("name", OTHERWISE)
def test_what_is_otherwise_is_seen(state: Export, seen: dict[str, dict[str, Any]], name: str) -> None:
    which, change = OTHERWISE[name]
    change(seen[which])
    assert not is_as_recorded(state)


def test_one_that_starts_again_and_again_is_seen(state: Export, seen: dict[str, dict[str, Any]]) -> None:
    seen["id-web"]["RestartCount"] = 3
    assert is_as_recorded(state)
    seen["id-web"]["State"]["StartedAt"] = "2999-01-01T00:00:00.0+00:00"
    assert not is_as_recorded(state)


@pytest.mark.parametrize("mark", ["initErrors", "delete", "pendingReplacement", "external"])
def test_what_the_last_update_left_by_halves_is_asked_again(
    state: Export, seen: dict[str, dict[str, Any]], mark: str
) -> None:
    state["deployment"]["resources"][2][mark] = ["failed"]
    assert not is_as_recorded(state)


def test_an_update_that_was_cut_is_asked_again(state: Export, seen: dict[str, dict[str, Any]]) -> None:
    state["deployment"]["pending_operations"] = [{"type": "creating"}]
    assert not is_as_recorded(state)


def test_what_is_not_docker_s_is_asked_again(state: Export, seen: dict[str, dict[str, Any]]) -> None:
    state["deployment"]["resources"].append({"type": "aws:ec2/instance:Instance", "custom": True, "urn": "urn::vm"})
    assert not is_as_recorded(state)


def test_an_engine_that_does_not_answer_is_asked_by_the_refresh(
    state: Export, seen: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away:
        def connect(self) -> DockerClient:
            raise DockerException("no answer")

    monkeypatch.setattr(recorded, "read_engine", lambda provider: Away())
    assert not is_as_recorded(state)


@pytest.mark.parametrize("export", [{}, {"deployment": {}}, {"deployment": {"resources": []}}])
def test_nothing_was_made_yet(export: Export) -> None:
    assert is_as_recorded(export)


@pytest.mark.parametrize(
    ("answers", "gone", "words"), [(True, False, []), (True, True, ["--refresh"]), (False, True, [])]
)
def test_an_update_and_its_preview_look_first_where_something_differs(
    state: Export,
    seen: dict[str, dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    answers: bool,
    gone: bool,
    words: list[str],
) -> None:
    monkeypatch.setattr(recorded, "all_answer", lambda export: answers)
    if gone:
        del seen["id-web"]
    assert recorded.spell_refresh(state) == words


@pytest.mark.parametrize("module", ["up", "preview"])
def test_both_commands_ask_for_it(module: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each of them passes the option on: what up would put right, the preview announces."""
    command = import_module(f"portico.cli.commands.{module}")
    asked: list[str] = []

    class Seen(Exception):
        pass

    def run(*words: object, **_: object) -> None:
        asked.extend(str(word) for one in words for word in (one if isinstance(one, list) else [one]))
        raise Seen

    for name, stand_in in {
        "prepare": lambda stack: Place(tmp_path, stack),
        "create": lambda *_: None,
        "read_export": lambda *_: {},
        "spell_refresh": lambda export: ["--refresh"],
        "preview": run,
        "deploy": run,
        "refuse_locked": lambda place: None,
        "awaken": lambda export: [],
        "tell_danger": lambda *_: "",
        "rehearse_first": lambda *_: True,
    }.items():
        if hasattr(command, name):
            monkeypatch.setattr(command, name, stand_in)
    with pytest.raises(Seen):
        CliRunner().invoke(command.command, ["-s", "dev"], catch_exceptions=False)
    assert "--refresh" in asked
