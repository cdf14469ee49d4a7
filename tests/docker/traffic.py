"""The load that a deployment must carry while it changes."""

from tests.docker.engine import Deployment
from tests.docker.figures import SOAK
from tests.docker.load import Client, Load, Target, json_is, json_values, standard_clients

HELLO = Target(host="localhost", expect=json_is(site="hello"))
# Both paths answer with the URL that they were asked for.
HTTPBIN = Target(host="httpbin.localhost", expect='"http://httpbin.localhost/', path="/get", echo=None, slow="/delay/3")


# Requests a second. Two cores carry 150 beside a release: with more, the clients' own waiting would be measured. Where
# other tests run beside it, they are left more.
RATE = 150.0 if SOAK else 60.0


def standard(
    deployment: Deployment, *targets: Target, clients: int = 16, rate: float = RATE, most_seconds: float = 300
) -> Load:
    """The load of the reliability tests. It leaves most of two cores to what is tested."""
    sent = standard_clients(clients, targets or (HELLO, HTTPBIN))
    return _make(deployment, sent, rate=rate, most_seconds=most_seconds)


def light(deployment: Deployment, *hosts: str, most_seconds: float = 300) -> Load:
    """Two clients a host, one on a kept connection, that ask for /whoami."""
    return _make(
        deployment,
        [Client(host=host, path="/whoami", kept=kept, pause=(0.0, 0.1)) for host in hosts for kept in (True, False)],
        most_seconds=most_seconds,
    )


def _make(deployment: Deployment, clients: list[Client], *, rate: float = RATE, most_seconds: float = 300) -> Load:
    observe = json_values("site", "release")
    return Load(deployment.address, deployment.port, clients, rate=rate, observe=observe, most_seconds=most_seconds)
