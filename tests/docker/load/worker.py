"""The thread of one client."""

import random
import threading
import time
from array import array
from collections import Counter

from tests.docker.load.client import Client, Observe, Response, check, message
from tests.docker.load.connection import Connection
from tests.docker.load.failure import RequestError
from tests.docker.load.pace import Pace
from tests.docker.load.report import Failure, Seen


class Worker(threading.Thread):
    """The thread of one client. Only this thread writes its figures; a report reads them."""

    def __init__(
        self, pace: Pace, client: Client, address: tuple[str, int], observe: Observe | None, examples: int
    ) -> None:
        super().__init__(name=f"load: {client.kind}", daemon=True)
        self.client = client
        self._pace = pace
        self._address = address
        self._observe = observe
        self._most_examples = examples
        self.ends = array("d")
        self.latencies = array("d")
        self.failed_at = array("d")
        self.failures: Counter[str] = Counter()
        self.examples: list[Failure] = []
        self.seen: dict[str, Seen] = {}
        self.reopened = 0
        self.crash: Exception | None = None
        self._connection: Connection | None = None

    def run(self) -> None:
        low, high = self.client.pause
        pause = random.uniform(0, high)  # the rare senders begin spread out, not all at once
        try:
            while self._pace.may_send(pause):
                self._request()
                pause = random.uniform(low, high)
        except Exception as error:  # raised again when the `with` block is left
            self.crash = error
        finally:
            self._drop()

    def _request(self) -> None:
        begin = time.monotonic()
        body = random.randbytes(self.client.body)
        try:
            response = self._exchange(body, begin + self.client.timeout)
            check(self.client, body, response)
        except RequestError as failure:
            self._record_failure(failure, begin)
            return
        latency, at = time.monotonic() - begin, self._pace.now()
        if self._observe and (value := self._observe(response)) is not None:
            seen = self.seen.setdefault(value, Seen(count=0, first=at, last=at))
            seen.count += 1
            seen.last = at
        self.latencies.append(latency)
        self.ends.append(at)

    def _exchange(self, body: bytes, deadline: float) -> Response:
        """One request and its whole response.

        A broken connection is dropped, and one that carried a wrong answer is kept, as other clients do: if it sits
        on an old worker, the next answers on it will be wrong too, and each counts.
        """
        client = self.client
        reusable = False
        try:
            if self._connection is not None and self._connection.closed_while_idle():
                self._drop()
                self.reopened += 1
            if self._connection is None:
                self._connection = Connection(self._address, deadline)
            response, reusable = self._connection.exchange(message(client, body), client.method, deadline)
        finally:
            if not (reusable and client.kept):
                self._drop()
        return response

    def _record_failure(self, failure: RequestError, begin: float) -> None:
        after, at, wall = time.monotonic() - begin, self._pace.now(), time.time()
        if len(self.examples) < self._most_examples:
            self.examples.append(
                Failure(
                    at=at,
                    clock=time.strftime("%H:%M:%S", time.localtime(wall)) + f".{int(wall % 1 * 1000):03d}",
                    what=failure.what,
                    detail=failure.detail,
                    host=self.client.host,
                    kind=self.client.kind,
                    after=after,
                )
            )
        self.failed_at.append(at)
        self.failures[failure.what] += 1

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
