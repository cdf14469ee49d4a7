"""How long visitors get no good answer."""

import threading
import time
from contextlib import suppress
from typing import Self

from tests.docker.ask import ask
from tests.docker.engine import Deployment


class Outage:
    """Asks for a page ten times a second; `seconds` is the longest time without a good answer, known at the end."""

    def __init__(self, deployment: Deployment, host: str, path: str) -> None:
        self._deployment, self._host, self._path = deployment, host, path
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask)
        self.seconds = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _ask(self) -> None:
        good = time.monotonic()
        while not self._ended.wait(0.1):
            answer = None
            with suppress(OSError):
                address = self._deployment.address
                answer = ask(self._deployment.port, self._host, self._path, address=address)
            now = time.monotonic()
            self.seconds = max(self.seconds, now - good)
            good = now if answer and answer.status == 200 else good
