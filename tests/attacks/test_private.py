"""Pages for the machine itself are answered to the machine itself."""

import pytest
from docker.models.containers import Container

from portico.components.docker.container_command import run_in
from tests.attacks.edge import Edge
from tests.attacks.raw import Fields, ask
from tests.attacks.sample import HOST
from tests.docker.engine import execute

pytestmark = pytest.mark.docker

PAGES = ("/healthz", "/counters", "/tree", "/readyz/probe", "/status", "/metrics", "/stub_status", "/nginx_status")
HOSTS = (HOST, "127.0.0.1", "127.0.0.1:8081", "localhost", "localhost:8081", "[::1]", "00-status")
CLAIMS: tuple[Fields, ...] = ((), (("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1")))


@pytest.mark.parametrize("page", PAGES)
def test_no_host_name_leads_to_them(edge: Edge, page: str) -> None:
    for host in HOSTS:
        for fields in CLAIMS:
            answer = ask(edge.port, host, page, fields=fields)
            assert answer is None or answer.status in (400, 404), (host, answer)
            assert answer is None or b"Active connections" not in answer.body


def test_the_machine_itself_is_answered(edge: Edge) -> None:
    def curl(path: str) -> str:
        return execute(edge.container, "curl", "-s", "-m", "5", f"http://127.0.0.1:8081{path}")

    assert curl("/healthz") == "ok\n"
    assert "Active connections" in curl("/counters")
    assert '"site":"probe"' in curl("/readyz/probe")
    assert "404" in curl("/missing")


def test_other_containers_are_refused(edge: Edge) -> None:
    """A replica stands in the same network as the edge, and still reaches no page of the edge's own."""
    assert not refuses(edge, edge.deployment.container("port"), "8080")
    assert refuses(edge, edge.deployment.container("port"), "8081")
    assert refuses(edge, edge.container, "8081")


def refuses(edge: Edge, container: Container, port: str) -> bool:
    """Whether a container turns a replica's connection away."""
    replica = edge.deployment.container("gunicorn", "probe")
    network = next(iter(container.attrs["NetworkSettings"]["Networks"].values()))
    connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 3)"
    tried = run_in(replica, ["python3", "-c", connect, network["IPAddress"], port])
    refused = b"ConnectionRefusedError" in tried.output
    assert refused or tried.code == 0, (container.name, port, tried)
    return refused
