"""The mix of clients that the reliability tests send."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.docker.load.client import Client, Expect, Observe, Response


@dataclass(frozen=True, kw_only=True)
class Target:
    """One site for `standard_clients`: a host name, and the paths that the kinds of client ask for.

    `expect` must tell this application from every other one, at `path` and at `slow`. Without `echo` or `slow`, no
    client of that kind.
    """

    host: str
    expect: Expect
    path: str = "/whoami"
    echo: str | None = "/echo"
    slow: str | None = "/slow?seconds=3"


def json_is(**fields: object) -> Callable[[Response], bool]:
    """A predicate: the body is a JSON object with these values, such as `json_is(site="hello")`."""

    def predicate(response: Response) -> bool:
        answer = response.json()
        return all(answer[name] == value for name, value in fields.items())

    return predicate


def json_values(*names: str) -> Observe:
    """For `observe`: these fields of a JSON response, such as `json_values("release", "replica")` -> `3f2a91c/2`."""

    def observe(response: Response) -> str | None:
        try:
            answer = response.json()
        except ValueError:
            return None
        return "/".join(str(answer[name]) for name in names) if all(name in answer for name in names) else None

    return observe


def standard_clients(count: int, targets: Iterable[Target]) -> list[Client]:
    """The load of the reliability tests: `count` clients, spread evenly over the targets.

    Half on kept connections, and a third of these send only every 2-3 s; 10 % of all POST random bytes that must come
    back as their hash; 5 % ask for what takes seconds. At least one of each kind, as far as the targets offer it.
    """
    if count < 4:
        raise ValueError("fewer than 4 clients cannot be of all kinds")
    sites = list(targets)
    echoing = [site for site in sites if site.echo]
    slow = [site for site in sites if site.slow]
    posts = max(1, round(count * 0.10)) if echoing else 0
    longs = max(1, round(count * 0.05)) if slow else 0
    clients: list[Client] = []
    for number in range(posts):
        site, size = echoing[number % len(echoing)], (2_000, 100_000)[number // 2 % 2]
        clients.append(Client(host=site.host, path=site.echo or "", method="POST", body=size, kept=number % 2 == 0))
    for number in range(longs):
        site = slow[number % len(slow)]
        clients.append(
            Client(host=site.host, path=site.slow or "", expect=site.expect, kept=number % 2 == 1, long=True)
        )
    kept = count // 2 - sum(client.kept for client in clients)
    rare = max(1, count // 6)
    for number in range(count - len(clients)):
        site = sites[number % len(sites)]
        pause = (2.0, 3.0) if number < min(rare, kept) else (0.0, 0.0)
        clients.append(Client(host=site.host, path=site.path, expect=site.expect, kept=number < kept, pause=pause))
    return clients


def stream_client(host: str, events: int, *, pause: float = 1.0) -> Client:
    """A client that follows one stream of events after the other, each on a connection of its own.

    A stream is ok only if every event came, in order and once, and the stream ended as HTTP says.
    """

    def whole(response: Response) -> bool:
        ids = [int(line[4:]) for line in response.body.decode().splitlines() if line.startswith("id: ")]
        return ids == list(range(1, events + 1))

    path = f"/events?n={events}&pause={pause:g}"
    return Client(host=host, path=path, kept=False, expect=whole, long=True, timeout=events * pause + 30)
