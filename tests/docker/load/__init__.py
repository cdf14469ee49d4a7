"""A small, exact load generator: it proves that no request is lost.

One thread per client, blocking sockets, the standard library alone. A request is sent once and never again: every
request that was begun ends as `ok` or as exactly one named failure, so `report.sent == report.ok + report.failed`.

A kept connection that the server closed while it was idle is looked at just before the next request is sent. Finding
it closed and opening a new one is what every HTTP client does: it is counted in `reopened`, and is no failure. Once
the request is on its way, the same close is a failure.

All times are seconds. Times of events (`at`, `since`, `until`) count from the start of the load.
"""

from tests.docker.load.client import Client, Expect, Observe, Response
from tests.docker.load.load import Load
from tests.docker.load.mix import Target, json_is, json_values, standard_clients, stream_client
from tests.docker.load.report import Failure, Report, Sample, Seen

__all__ = [
    "Client",
    "Expect",
    "Failure",
    "Load",
    "Observe",
    "Report",
    "Response",
    "Sample",
    "Seen",
    "Target",
    "json_is",
    "json_values",
    "standard_clients",
    "stream_client",
]
