"""Network: a bridge of the stack's own."""

import pytest

from portico.components.docker.network import Network
from tests.components.recorder import NETWORK, Recorder, run


@pytest.fixture(scope="module")
def made() -> Recorder:
    return run(lambda: Network("net"))


def test_it_is_a_bridge_with_a_name_of_dockers_choice(made: Recorder) -> None:
    bridge = made.find(NETWORK, "net-bridge")
    assert bridge.inputs["driver"] == "bridge" and "name" not in bridge.inputs
    assert bridge.parent == made.component("Network").urn


def test_it_is_known_by_its_labels(made: Recorder) -> None:
    assert made.find(NETWORK, "net-bridge").labels == {
        "portico.project": "portico",
        "portico.stack": "test",
        "portico.role": "network",
    }


def test_its_output_is_its_name(made: Recorder) -> None:
    assert made.registered_outputs("Network") == {"id": "net-bridge-0123456"}
