"""How long visitors get no good answer."""

import threading
import time
from contextlib import suppress
from typing import Self

from tests.docker.ask import get
from tests.docker.engine import Deployment


class Outage:
    """Asks for a page ten times a second; `seconds` is the longest time without a good answer, known at the end."""

    def __init__(self, deployment: Deployment, host: str, path: str) -> None:
        self._port, self._host, self._path = deployment.port, host, path
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
            status = 0
            with suppress(OSError):
                status = get(self._port, self._host, self._path).status
            now = time.monotonic()
            self.seconds = max(self.seconds, now - good)
            good = now if status == 200 else good
