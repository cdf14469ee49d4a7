"""When the next request of a load may go out."""

import threading
import time


class Pace:
    """The clock, the rate and the bounds that all clients of a load share. All times are seconds."""

    def __init__(self, *, rate: float | None, most_requests: int, most_seconds: float) -> None:
        self.ended_early = ""
        self.stopped_at: float | None = None
        self._step = 1 / rate if rate else 0.0
        self._most_requests = most_requests
        self._most_seconds = most_seconds
        self.begun = 0  # requests that were let go
        self._slot = 0.0
        self._start = 0.0
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def start(self) -> None:
        """Set the clock to zero."""
        self._start = time.monotonic()

    def stop(self) -> None:
        """No request is begun from now on."""
        with self._lock:
            self.stopped_at = self.stopped_at or self.now()
            self._stop.set()

    def now(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    def may_send(self, pause: float) -> bool:
        """Wait for `pause` seconds and for a free slot under the rate; False if the load is over."""
        if self._stop.wait(pause) if pause else self._stop.is_set():
            return False
        with self._lock:
            now = self.now()
            if self.begun >= self._most_requests or now >= self._most_seconds:
                self.ended_early = f"bound of {self._most_requests} requests or {self._most_seconds:g} s reached"
                self.stopped_at = self.stopped_at or now
                return False
            self.begun += 1
            slot = max(now, self._slot)
            self._slot = slot + self._step
        return not (self._stop.wait(slot - now) if slot > now else self._stop.is_set())
