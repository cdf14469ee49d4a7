"""The load that a deployment must carry while it changes."""

from tests.docker.ask import ADDRESS
from tests.docker.engine import Deployment
from tests.docker.load import Client, Load, Target, json_is, json_values, standard_clients

HELLO = Target(host="localhost", expect=json_is(site="hello"))
HTTPBIN = Target(host="httpbin.localhost", expect='"uuid"', path="/uuid", echo=None, slow="/delay/3")


def standard(deployment: Deployment, *targets: Target, clients: int = 16) -> Load:
    """The load of the reliability tests. It leaves most of two cores to what is tested."""
    return _make(deployment, standard_clients(clients, targets or (HELLO, HTTPBIN)))


def light(deployment: Deployment, *hosts: str) -> Load:
    """Two clients a host, one on a kept connection, that ask for /whoami."""
    return _make(
        deployment,
        [Client(host=host, path="/whoami", kept=kept, pause=(0.0, 0.1)) for host in hosts for kept in (True, False)],
    )


def _make(deployment: Deployment, clients: list[Client]) -> Load:
    observe = json_values("site", "release")
    return Load(ADDRESS, deployment.port, clients, rate=150, observe=observe, most_seconds=300)
