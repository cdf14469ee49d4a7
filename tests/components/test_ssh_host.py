"""SshHost: the Docker of a machine of the user's own."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pulumi
import pytest

from portico.components.docker.buildx_builder import name_builder
from portico.components.docker.engine_client import Engine
from portico.components.hosts.connection import Connection
from portico.components.hosts.host import Host, make_host
from portico.components.hosts.ssh import SshHost
from tests.components.recorder import PROVIDER, Resource, run
from tests.config.sample import read_settings

WAY = Connection("deploy", "shop.example", 2222, ("-o", "BatchMode=yes"))


def make(**more: Any) -> tuple[SshHost, Any]:
    hosts: list[SshHost] = []
    made = run(lambda: hosts.append(SshHost("host", WAY)), **more)
    return hosts[0], made


def test_the_provider_talks_to_the_machine_by_the_way_that_was_found() -> None:
    host, made = make()
    inputs = made.find(PROVIDER, "host-docker").inputs
    assert inputs["host"] == "ssh://deploy@shop.example:2222"
    options = inputs["sshOpts"]
    assert (json.loads(options) if isinstance(options, str) else options) == ["-o", "BatchMode=yes"]
    assert made.children(made.component("SshHost")) == {"host-docker": PROVIDER}
    assert host.engine == Engine("ssh://deploy@shop.example:2222", WAY.options)
    assert host.hooks.on_error


def test_images_are_built_where_the_provider_is(builders: Path) -> None:
    host, _ = make()
    (file,) = builders.iterdir()
    assert host.builder == file.name
    engine = host.engine
    assert engine is not None
    # No driver: then it is the engine at this address, and images need not be brought there.
    assert json.loads(file.read_text()) == {
        "Name": file.name,
        "Driver": "",
        "Nodes": [{"Name": f"{file.name}0", "Endpoint": engine.endpoint}],
    }


def test_a_preview_leaves_no_builder(builders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi.runtime.is_dry_run", lambda: True)
    assert make()[0].builder
    assert not builders.exists()


@pytest.mark.parametrize(
    ("variables", "folder"), [({"DOCKER_CONFIG": "c"}, "c/buildx"), ({"HOME": "h"}, "h/.docker/buildx")]
)
def test_builders_lie_where_dockers_own_command_keeps_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], folder: str
) -> None:
    for name in ("BUILDX_CONFIG", "DOCKER_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, str(tmp_path / value))
    made = name_builder(Engine("tcp://127.0.0.1:2375"), "dev")
    assert [file.name for file in (tmp_path / folder / "instances").iterdir()] == [made]


def test_the_usual_engine_needs_no_builder() -> None:
    assert name_builder(Engine(), "dev") is None


def test_stacks_and_machines_have_builders_of_their_own() -> None:
    names = {name_builder(Engine(f"tcp://127.0.0.1:{port}"), stack) for port in (1, 2) for stack in ("dev", "prod")}
    assert len(names) == 4


def test_the_address_is_the_machines() -> None:
    said: list[str] = []

    def build() -> None:
        SshHost("host", WAY).publish("tree").apply(said.append)

    run(build)
    assert said == ["shop.example"]


def fail_container(name: str, error: str, inputs: dict[str, Any]) -> pulumi.ErrorHookArgs:
    """What a hook is given where a container could not be made."""
    return pulumi.ErrorHookArgs(
        urn="",
        id="",
        name=name,
        type="docker:index/container:Container",
        errors=[error],
        failed_operation="create",
        new_inputs=inputs,
    )


def test_a_machine_that_is_lost_in_the_middle_is_reported_once_and_not_asked_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)
    host, _ = make()
    hook: Any = (host.hooks.on_error or [])[0]
    label = {"label": "portico.role", "value": "gunicorn"}
    error = (
        "error inspecting: command [ssh -T -- shop.example docker system dial-stdio] has exited with exit status 255"
    )
    for name in ("shop-gunicorn-0", "shop-gunicorn-1"):
        hook(fail_container(name, error, {"name": f"{name}-1", "labels": [label]}))
    (line,) = said
    assert line.startswith("shop.example was lost in the middle of this update: nothing answers over SSH any more.")


@pytest.mark.parametrize(
    "error",
    [
        "Unable to wait container end of execution: unexpected EOF",
        "unable to list Docker images: Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?",
    ],
)
def test_an_engine_that_ends_in_the_middle_is_reported_once_and_not_asked_why(
    monkeypatch: pytest.MonkeyPatch, error: str
) -> None:
    said: list[str] = []
    monkeypatch.setattr("pulumi.log.error", said.append)
    host, _ = make()
    hook: Any = (host.hooks.on_error or [])[0]
    for name in ("shop-release-command", "portico-release-switch"):
        hook(fail_container(name, error, {"labels": []}))
    (line,) = said
    assert line.startswith("The Docker engine went away in the middle of this update")
    assert "Run this again then" in line


def test_the_target_chooses_it_once_the_machine_was_asked(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    settings = read_settings(root, target="ssh", ssh={"host": "shop.example", "user": "deploy"})
    found: list[Host] = []
    seen: list[Resource] = []
    monkeypatch.setattr("portico.components.hosts.preflight.find_obstacle", lambda way: f"{way.url} is down")
    with pytest.raises(pulumi.RunError, match=r"ssh://deploy@shop\.example:22 is down\. Nothing was changed\."):
        run(lambda: make_host("host", settings, {}), seen=seen)
    assert not [one for one in seen if one.type == PROVIDER]
    monkeypatch.setattr("portico.components.hosts.preflight.find_obstacle", lambda _: None)
    asked: list[Engine | None] = []
    monkeypatch.setattr("portico.components.docker.free_ports.require_vacant", lambda engine, _: asked.append(engine))
    run(lambda: found.append(make_host("host", settings, {})))
    assert isinstance(found[0], SshHost) and asked == [found[0].engine]


def test_where_a_port_is_taken_nothing_of_the_host_is_made(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    seen: list[Resource] = []

    def refuse(*_: object) -> None:
        raise pulumi.RunError("taken")

    monkeypatch.setattr("portico.components.hosts.preflight.find_obstacle", lambda _: None)
    monkeypatch.setattr("portico.components.docker.free_ports.require_vacant", refuse)
    for target in ({"target": "ssh", "ssh": {"host": "shop.example", "user": "deploy"}}, {}):
        settings = read_settings(root, **target)
        with pytest.raises(pulumi.RunError, match="taken"):
            run(partial(make_host, "host", settings, {}), seen=seen)
    assert seen == []
