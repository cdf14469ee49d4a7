"""The public port is opened by one container and served by another."""

import pytest

from tests.docker.ask import get
from tests.docker.engine import Deployment, execute
from tests.docker.faults import await_until

pytestmark = pytest.mark.docker

# Of NGINX's master: the flags (octal) of each socket that its own network does not know.
TAKEN = r"""
for folder in /proc/[0-9]*; do
    grep -q 'nginx: master' "$folder/cmdline" 2>/dev/null || continue
    for number in "$folder"/fd/*; do
        socket=$(readlink "$number" | sed -n 's/^socket:\[\(.*\)\]$/\1/p')
        [ -n "$socket" ] || continue
        grep -qw "$socket" /proc/net/tcp /proc/net/tcp6 /proc/net/udp /proc/net/unix && continue
        sed -n 's/^flags:[[:space:]]*//p' "$folder/fdinfo/${number##*/}"
    done
done 2>/dev/null || true
"""
NON_BLOCKING = 0o4000


def list_taken(deployment: Deployment) -> list[int]:
    return [int(flags, 8) for flags in execute(deployment.container("nginx"), "sh", "-c", TAKEN).split()]


def listens_itself(deployment: Deployment) -> bool:
    """Whether NGINX has opened port 8080 in its own network, where nobody asks."""
    lines = execute(deployment.container("nginx"), "cat", "/proc/net/tcp").splitlines()
    return any(line.split()[1].endswith(":1F90") and line.split()[3] == "0A" for line in lines[1:])


def test_nginx_answers_on_a_socket_that_is_not_its_own(two_sites: Deployment) -> None:
    assert len(list_taken(two_sites)) == 1 and not listens_itself(two_sites)
    assert get(two_sites.port, "localhost").status == 200


def test_a_worker_never_waits_for_a_client_that_another_one_took(two_sites: Deployment) -> None:
    """NGINX does not ask: a socket that it opens itself is non-blocking, so one that it is given has to be."""
    (flags,) = list_taken(two_sites)
    assert flags & NON_BLOCKING


def test_nginx_serves_without_a_holder_and_takes_the_port_from_the_next_one(two_sites: Deployment) -> None:
    """Here nobody can ask it meanwhile, but a release can be proven before its port changes hands."""
    holder, edge = two_sites.container("port"), two_sites.container("nginx")
    holder.stop()
    try:
        await_until(lambda: listens_itself(two_sites), 10)
        assert "ok" in execute(edge, "curl", "-sf", "--retry", "5", "http://127.0.0.1:8081/healthz")
    finally:
        holder.start()
    await_until(lambda: bool(list_taken(two_sites)) and not listens_itself(two_sites), 10)
    assert get(two_sites.port, "localhost").status == 200
    edge.reload()
    assert edge.attrs["RestartCount"] == 0
