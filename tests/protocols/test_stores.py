"""What NGINX writes down for a while always fits: nobody's answer is cut because others ask for much."""

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from uuid import uuid4

import pytest

from tests.attacks.edge import Edge, read_files, run_nginx, weaken
from tests.attacks.raw import ADDRESS, Answer, get, make_request, parse, read

pytestmark = pytest.mark.docker
HOST, OTHER = "talk.localhost", "wild.zone.localhost"
# Of these, 1,300 are more than the store can hold.
LONG, MANY = 60_000, 1300
# Of these, 60 are more than the memory of NGINX.
BODY = 5 << 20
# On a busy machine, to send all of them takes longer than NGINX waits for the rest of one.
PATIENT = (r"client_body_timeout +15s", "client_body_timeout 300s")


def is_whole(answer: Answer, length: int) -> bool:
    announced = answer.one("Content-Length")
    return answer.status == 200 and length < len(answer.body) == int(announced or -1)


def find(edge: Edge) -> tuple[str, int]:
    """Where it listens itself: what the engine puts before a published port takes megabytes of each answer.

    The deployed one has its port from another container.
    """
    networks = edge.container.attrs["NetworkSettings"]
    own = [one["IPAddress"] for one in networks["Networks"].values()]
    return (own[0], 8080) if networks["Ports"].get("8080/tcp") else (ADDRESS, edge.port)


@contextmanager
def readers(edge: Edge) -> Iterator[None]:
    """Clients that ask for long answers, and take next to nothing of them.

    How much kernels and the engine hold of an answer differs. What they hold of the shorter ones leaves NGINX nothing,
    and the longest keep the threads of this site.
    """
    with ExitStack() as stack:
        for megabytes in range(1, 7):
            for _ in range(40):
                peer = stack.enter_context(socket.socket())
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                peer.connect(find(edge))
                peer.sendall(make_request(HOST, f"/fresh/long?length={megabytes}000000"))
            time.sleep(1)
        yield


def test_readers_that_take_nothing_cut_nobody(edge: Edge) -> None:
    with run_nginx(edge, read_files(edge)) as same:
        read_among_slow_ones(same)


def read_among_slow_ones(edge: Edge) -> None:
    with readers(edge):
        # Who is slow at the beginning: NGINX gets more of the answer than it can send on.
        with socket.create_connection(find(edge), timeout=30) as peer:
            peer.sendall(make_request(OTHER, "/fresh/long?length=20000000"))
            time.sleep(2)
            (answer,) = parse(read(peer))
        assert is_whole(answer, 20_000_000)
        assert get(edge.port, OTHER, "/whoami").status == 200


def ask_for_many(edge: Edge) -> None:
    """Each of another address: all are whole, and so are those of another site."""
    mark = uuid4().hex

    def ask(number: int) -> bool:
        host, path = (OTHER, "fresh") if number % 10 == 0 else (HOST, "cached")
        return is_whole(get(edge.port, host, f"/{path}/{mark}/{number}?length={LONG}"), LONG)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(MANY)))


def test_a_flood_of_addresses_cuts_nobody(edge: Edge) -> None:
    ask_for_many(edge)
    # And what was asked for last is still kept.
    path = f"/cached/{uuid4().hex}?length={LONG}"
    first, second = (get(edge.port, HOST, path) for _ in range(2))
    assert (first.one("X-Cache"), second.one("X-Cache")) == ("MISS", "HIT") and first.body == second.body


@pytest.mark.extended
@pytest.mark.parametrize("query", ["length=400000", "length=70000"])
def test_what_is_longer_is_passed_on_and_not_kept(edge: Edge, query: str) -> None:
    mark = uuid4().hex
    for number in range(250):
        answer = get(edge.port, HOST, f"/cached/{mark}/{number}?{query}")
        assert is_whole(answer, int(query.partition("=")[2])), number
    assert get(edge.port, HOST, f"/cached/{mark}/249?{query}").one("X-Cache") == "MISS"


@pytest.mark.extended
def test_more_at_once_than_can_be_kept_is_passed_on(edge: Edge) -> None:
    """NGINX keeps 191 addresses of a site, and 220 are asked for at once."""
    mark = uuid4().hex
    with ThreadPoolExecutor(220) as pool:
        statuses = list(
            pool.map(lambda one: get(edge.port, HOST, f"/cached/{mark}/{one}?seconds=0.2").status, range(220))
        )
    assert set(statuses) == {200}


@contextmanager
def uploads(edge: Edge) -> Iterator[list[socket.socket]]:
    """Clients that send more to one site than NGINX has memory for: each all of a long body but for its end."""
    head = make_request(HOST, "/fresh/body", method="POST", fields=[("Content-Length", str(BODY))])
    with ExitStack() as stack:
        peers = [stack.enter_context(socket.create_connection(find(edge), timeout=60)) for _ in range(60)]
        for peer in peers:
            # Who is refused is answered before it has sent everything.
            with suppress(BrokenPipeError, ConnectionResetError):
                peer.sendall(head + bytes(BODY - 1000))
        yield peers


def send(edge: Edge, host: str) -> int:
    """The status of a body that has to be collected."""
    return get(edge.port, host, "/cached/body", method="POST", body=bytes(BODY), timeout=60).status


def upload_among_many(edge: Edge) -> None:
    with uploads(edge) as peers:
        # The store of this site is full: it is refused, and no other site is.
        assert [one.status for one in parse(read(peers[-1]))] == [500]
        await_refusal(edge, True)
        for host in (OTHER, "blog.zone.localhost", "dry.localhost"):
            assert send(edge, host) != 500, host
    # What is given up is removed.
    await_refusal(edge, False)


def await_refusal(edge: Edge, refused: bool) -> None:
    """Until the site of the flood refuses a body, or takes one."""
    until = time.monotonic() + 60
    while (send(edge, HOST) == 500) is not refused:
        assert time.monotonic() < until
        time.sleep(0.5)


def test_bodies_of_one_site_take_no_space_from_those_of_others(edge: Edge) -> None:
    with run_nginx(edge, weaken(read_files(edge), PATIENT)) as patient:
        upload_among_many(patient)


Test = Callable[[Edge], None]
DEFENCES: dict[str, tuple[tuple[str, str], Test]] = {
    "no store for answers on their way": (
        (r"proxy_max_temp_file_size +0;", "proxy_temp_path /tmp/answers; proxy_max_temp_file_size 2m;"),
        read_among_slow_ones,
    ),
    "a bound by number": ((r"(keys_zone=talk.answers):32k", r"\1:10m"), ask_for_many),
    "a bound by length": (
        (r"(proxy_no_cache .*) \$answer_too_long", r"\1"),
        lambda edge: test_what_is_longer_is_passed_on_and_not_kept(edge, "length=400000"),
    ),
    "a store of its own for the bodies of each site": ((r"client_body_temp_path .*", ""), upload_among_many),
    "passed on where nothing more can be kept": (
        (r"^ *error_page 500 = .*$", ""),
        test_more_at_once_than_can_be_kept_is_passed_on,
    ),
}


@pytest.mark.extended
@pytest.mark.parametrize("name", DEFENCES)
def test_without_the_defence_its_test_fails(edge: Edge, name: str) -> None:
    edit, test = DEFENCES[name]
    with run_nginx(edge, weaken(read_files(edge), edit, PATIENT)) as weak, pytest.raises((AssertionError, ValueError)):
        test(weak)
