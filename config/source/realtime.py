"""Applications whose clients stay connected to one process: which settings do not fit them."""

from collections.abc import Iterator

from portico.config.settings import Site

# Each of them is Socket.IO's server for Python; the first is built on the second, and that on the third.
_SERVERS = frozenset({"flask-socketio", "python-socketio", "python-engineio"})
# Where its clients ask, unless the application says otherwise.
_PATH = "/socket.io/"
# Each client that is connected holds a thread.
_THREADS, _FEW = 100, 16


def advise(site: Site, requires: frozenset[str], keep: str) -> str:
    """What does not fit in the settings of a site that requires these packages, "" where all does.

    `keep` is what to write so that a client stays with its replica, "" where it does.

    A client of Socket.IO begins with ordinary requests, which must all reach the process that knows its session. Its
    defaults serve nobody where there are several. Clients that begin with WebSocket do not need that, so nothing is
    refused.
    """
    if not requires & _SERVERS:
        return ""
    wanted = [*_list_wanted(site, keep)]
    if not wanted:
        return ""
    return (
        f"{site.name} requires Socket.IO, whose clients must always reach the same process: write "
        f"{', '.join(wanted)}; see docs/projects.md"
    )


def _list_wanted(site: Site, keep: str) -> Iterator[str]:
    if site.gunicorn.workers > 1:
        yield "gunicorn.workers: 1"
    if site.gunicorn.worker_class == "gthread" and site.gunicorn.threads < _FEW:
        yield f"gunicorn.threads: {_THREADS}"
    if keep:
        yield keep
    if not any(_PATH.startswith(route.path) and route.websocket for route in site.routes):
        yield f"routes: [{{path: {_PATH}, websocket: true}}]"
