"""LocalHost: the user's own Docker."""

import pulumi
import pytest

from portico.components.docker.engine_client import Engine
from portico.components.hosts.local import LocalHost
from tests.components.recorder import PROVIDER, VOLUME, Recorder, run


@pytest.mark.parametrize("engine", [None, "unix:///run/docker.sock", "tcp://127.0.0.1:2375"])
def test_the_provider_talks_to_the_engine_that_was_named(engine: str | None) -> None:
    made = run(lambda: LocalHost("host", Engine(engine)))
    assert made.find(PROVIDER, "host-docker").inputs.get("host") == engine
    assert made.children(made.component("LocalHost")) == {"host-docker": PROVIDER}
    assert made.component("LocalHost").name == "host"


def test_what_is_below_a_component_is_made_by_its_provider() -> None:
    def build() -> None:
        import pulumi_docker as docker

        host = LocalHost("host", Engine())
        above = pulumi.ComponentResource(
            "test:index:Above", "above", None, pulumi.ResourceOptions(providers=[host.provider])
        )
        docker.Volume("volume", opts=pulumi.ResourceOptions(parent=above))

    made: Recorder = run(build)
    assert "host-docker-id" in made.find(VOLUME, "volume").provider


def test_a_host_brings_hooks_that_explain_failed_containers() -> None:
    hosts: list[LocalHost] = []
    run(lambda: hosts.append(LocalHost("host", Engine())))
    assert hosts[0].hooks.on_error
